/** The session's worker: the connection, the picture, and messages to and from the page. */
import type { Bytes } from "../protocol/bytes";
import type { Engine } from "../files/engine";
import type { ToFiles } from "../files/wire";
import { Picture } from "../screen/picture";
import { dialWebSocket } from "../transports/websocket";
import type { FromWorker, ToWorker } from "./bridge";
import { systemClock } from "./clock";
import { supportedCodecs } from "./codecs";
import { Connection } from "./connection";
import { probe } from "./probe";

const scope = globalThis as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
};

function post(message: FromWorker, transfer: Transferable[] = []): void {
  scope.postMessage(message, transfer);
}

const picture = new Picture({
  post,
  shown(shown) {
    connection.shown(shown);
  },
  lost(reason) {
    console.warn("farhand: a decoder was lost:", reason);
    connection.lost();
  },
});

const connection: Connection = new Connection({
  dial: dialWebSocket,
  probe,
  clock: systemClock,
  random: Math.random,
  entropy: (count): Bytes => crypto.getRandomValues(new Uint8Array(count)),
  codecs: supportedCodecs,
  post,
  picture,
});

let engine: Promise<Engine> | null = null;

async function files(message: ToFiles): Promise<void> {
  engine ??= import("../files/engine").then(
    (module) =>
      new module.Engine({
        line: connection.files,
        clock: systemClock,
        post: (answer) => {
          post({ kind: "files", message: answer });
        },
      }),
  );
  try {
    (await engine).handle(message);
  } catch (error) {
    engine = null;
    console.error("farhand: the files engine did not load:", error);
    const fault = { name: "local", text: "The files engine could not be loaded: the server of this page does not answer." } as const;
    if ("number" in message) post({ kind: "files", message: { kind: "error", number: message.number, error: fault } });
  }
}

scope.onmessage = ({ data }): void => {
  switch (data.kind) {
    case "surfaces":
      picture.attach(data.surfaces);
      break;
    case "connect":
      picture.prepare().then(
        () => {
          connection.connect(data.target);
        },
        (error: unknown) => {
          const text = `This browser does not run the picture's decoder: ${String(error)}`;
          post({ kind: "state", state: { state: "over", reason: "protocol", text, retrySeconds: 0 } });
        },
      );
      break;
    case "input":
      connection.input(data.message, data.at);
      break;
    case "want":
      connection.want({ quality: data.quality, visible: data.visible, refreshHz: data.refreshHz });
      break;
    case "resize":
      connection.resize(data.width, data.height);
      break;
    case "clipboard":
      connection.clipboard(data.text);
      break;
    case "offer":
      connection.offer(data.paths);
      break;
    case "watch":
      connection.watch(data.on);
      break;
    case "ask":
      connection.ask(data.capabilities, data.seconds, data.reason, data.grant);
      break;
    case "let-go":
      connection.letGo(data.capabilities);
      break;
    case "files":
      void files(data.message);
      break;
    case "online":
      connection.online();
      break;
    case "end":
      connection.end();
  }
};
