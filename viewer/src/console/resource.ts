/** Something that the gateway is asked for: being loaded, here, or in the way of it. */
import { type Fault, faultOf } from "./api/errors";

export class Resource<T> {
  value: T | null = null;
  fault: Fault | null = null;
  loading = false;
  private turn = 0;

  constructor(
    private readonly fetch: () => Promise<T>,
    private readonly changed: () => void,
  ) {}

  /** Ask for it (again); what is here stays until the answer comes. */
  async load(): Promise<void> {
    const turn = ++this.turn;
    this.loading = true;
    this.changed();
    try {
      const value = await this.fetch();
      if (turn !== this.turn) return;
      this.value = value;
      this.fault = null;
    } catch (error) {
      if (turn !== this.turn) return;
      this.fault = faultOf(error);
    }
    this.loading = false;
    this.changed();
  }

  /** Take what is known otherwise, and forget answers that are still under way. */
  set(value: T): void {
    this.turn++;
    this.value = value;
    this.fault = null;
    this.loading = false;
    this.changed();
  }
}
