/** What the files engine has of the session: small, since it is loaded with the session; the engine comes when it is wanted. */
import type { Link } from "../app/link";
import { type Capability, Channel, type FilesMessage } from "../gen/messages";
import type { Bytes } from "../protocol/bytes";

/** More than this, in bytes, is never queued for the host. */
const ROOM = 1 << 20;

/** Who acts on the host's answers, once there is someone. */
export interface LineUser {
  take(message: FilesMessage): void;
  /** The line is there or not, or other rights are held. What runs without the line, or without its right, has ended. */
  changed(): void;
}

/** The line as the engine sees it. */
export interface FilesLine {
  /** Whether the host is there and takes messages. */
  readonly open: boolean;
  /** The host's id; null before the first connection. */
  readonly hostId: Bytes | null;
  may(right: Capability): boolean;
  /** Nothing happens while it is not open. Throws MessageError. */
  send(message: FilesMessage): void;
  /** Resolves once there is room for more, or the line is gone. */
  room(): Promise<void>;
  /** Take no more from the host than it has credit for, or go on. */
  withhold(on: boolean): void;
}

export class SessionLine implements FilesLine {
  user: LineUser | null = null;
  hostId: Bytes | null = null;
  readonly #may: (right: Capability) => boolean;
  #link: Link | null = null;
  #open = false;

  /** `may` says whether a right is held and the session is not paused. */
  constructor(may: (right: Capability) => boolean) {
    this.#may = may;
  }

  get open(): boolean {
    return this.#open;
  }

  may(right: Capability): boolean {
    return this.#open && this.#may(right);
  }

  send(message: FilesMessage): void {
    if (this.#open) this.#link?.send(Channel.FILES, message);
  }

  async room(): Promise<void> {
    await this.#link?.room(Channel.FILES, ROOM);
  }

  withhold(on: boolean): void {
    this.#link?.withhold(Channel.FILES, on);
  }

  /** The host has let us in, by this link. */
  begin(link: Link, hostId: Bytes): void {
    this.#link = link;
    this.hostId = hostId;
    this.#set(true);
  }

  /** The line is gone. */
  end(): void {
    this.#set(false);
    this.#link = null;
  }

  /** The host pauses everything, or goes on. */
  paused(on: boolean): void {
    this.#set(!on && this.#link !== null);
  }

  /** Other rights are held. */
  rights(): void {
    this.user?.changed();
  }

  take(message: FilesMessage): void {
    if (this.#open) this.user?.take(message);
  }

  #set(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    this.user?.changed();
  }
}
