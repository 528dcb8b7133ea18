/**
 * A viewer's session on standard input and output, for tests/integration/test_ts_python.py.
 *
 * The one argument is JSON (below). What happens is told on standard error, a JSON line each: an event, or a message.
 * Each Update is answered with a Shown and typed text, and makes this end's clock jump ahead; a Notice ends it all.
 */
import { Channel, type Message } from "../../src/gen/messages";
import type { Bytes } from "../../src/protocol/bytes";
import { ByeCode } from "../../src/protocol/errors";
import type { Mode } from "../../src/protocol/frames";
import { privateKey } from "../../src/protocol/keys";
import { ViewerSession } from "../../src/protocol/session";
import { bytes, hex } from "../vectors/hex";

interface Call {
  readonly mode: Mode;
  /** Digits, or a host id in hexadecimal after "id:". */
  readonly route: string;
  readonly secret: string | null;
  readonly pin: string | null;
  readonly rejoin: string | null;
  /** The Noise key. */
  readonly key: string;
  /** Seconds that pass with every update. */
  readonly leap: number;
}

const call = JSON.parse(process.argv[2] ?? "") as Call;
let now = 0;
let flushing = false;

function tell(what: unknown): void {
  process.stderr.write(`${JSON.stringify(what, (_, value: unknown) => {
    if (value instanceof Uint8Array) return value.length > 64 ? { length: value.length, sum: sum(value) } : hex(value);
    return typeof value === "bigint" ? Number(value) : value;
  })}\n`);
}

function sum(data: Uint8Array): number {
  return data.reduce((total, byte) => (total * 31 + byte) % 1_000_003, 7);
}

const session = new ViewerSession({
  identity: privateKey(bytes(call.key)),
  mode: call.mode,
  route: call.route.startsWith("id:") ? bytes(call.route.slice(3)) : call.route,
  secret: call.secret,
  pin: call.pin === null ? null : bytes(call.pin),
  request: {
    type: "Request",
    name: "Ada",
    agent: "interop",
    capabilities: ["view", "control"],
    certificate: new Uint8Array(0),
    grant: new Uint8Array(0),
    rejoin: call.rejoin === null ? null : bytes(call.rejoin),
    reason: "",
  },
  entropy: (count): Bytes => crypto.getRandomValues(new Uint8Array(count)),
  now,
  notify: () => {
    for (const event of session.events()) {
      tell(event);
      if (event.event === "message") answer(event.message);
    }
    void flush();
  },
});

function answer(message: Message): void {
  if (message.type === "Update") {
    now += call.leap;
    session.send(Channel.SCREEN, { type: "Shown", seq: message.seq, tookUs: 1, waiting: 0 });
    session.send(Channel.INPUT, { type: "TypedText", text: `ß€𝄞 ${message.seq}`, seq: message.seq });
  } else if (message.type === "Notice") {
    session.bye(ByeCode.ENDED, "gute Nacht");
    for (const event of session.events()) tell(event);
  }
}

async function flush(): Promise<void> {
  if (flushing) return;
  flushing = true;
  while (session.hasDataToSend()) process.stdout.write(await session.dataToSend(undefined, now));
  flushing = false;
  // process.exit waits for nothing: end the output, and exit by having nothing left to do.
  if (session.state === "ended") {
    process.stdin.destroy();
    process.stdout.end();
  }
}

process.stdin.on("data", (data: Buffer) => {
  void session.receiveData(new Uint8Array(data), now);
});
process.stdin.on("end", () => {
  tell({ event: "cut" });
});
void flush();
