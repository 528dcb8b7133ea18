/** An input sink that writes down what it gets, in words. */
import type { InputSink } from "../../src/input/sink";

export class Recorder implements InputSink {
  readonly said: string[] = [];

  key(down: boolean, code: string, key: string, modifiers: number, repeat: boolean): void {
    this.said.push(`${down ? "+" : "-"}${code}:${key}${modifiers === 0 ? "" : `/${modifiers}`}${repeat ? " again" : ""}`);
  }

  text(text: string): void {
    this.said.push(`"${text}"`);
  }

  pointer(x: number, y: number, buttons: number): void {
    this.said.push(`${x},${y} ${buttons}`);
  }

  wheel(dx: number, dy: number): void {
    this.said.push(`wheel ${dx},${dy}`);
  }

  releaseAll(): void {
    this.said.push("release");
  }

  /** What was said since the last time. */
  take(): string[] {
    return this.said.splice(0);
  }
}
