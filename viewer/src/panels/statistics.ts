/** What the session costs and how quick it is, as measured here, once a second. */
import { type TemplateResult, html, nothing, svg } from "lit/html.js";
import type { Held, Statistics } from "../app/bridge";
import { icon } from "./icons";
import { type Origin, originNote, originWord } from "./page";
import { plain } from "./plain";

export interface StatisticsState {
  /** The newest seconds, oldest first. */
  readonly history: readonly Statistics[];
  readonly layout: { readonly width: number; readonly height: number } | null;
  readonly scale: number;
  readonly webCodecs: boolean;
  readonly rights: readonly Held[];
  readonly system: string;
  /** Of the host's identity key; empty where it showed none. */
  readonly fingerprint: string;
  /** The account by which the host let us in, empty where a person was asked. */
  readonly person: string;
}

/** How many seconds the curve shows. */
export const HISTORY = 60;

const KINDS = { tiles: "exact tiles", stream: "exact stream", video: "video" } as const;

export function statisticsPanel(state: StatisticsState, close: () => void, origin: Origin): TemplateResult {
  const now = state.history.at(-1);
  return html`<aside class="statistics" aria-label="Statistics">
    <header>
      <h2>Statistics</h2>
      <button type="button" class="tool quiet" aria-label="Close the statistics" @click=${close}>${icon("close")}</button>
    </header>
    ${now ? figures(now, state.history) : html`<p class="hint">Measuring…</p>`}
    <dl class="facts">
      ${now ? html`${fact("Carried by", carriers(now))} ${now.host ? hostFacts(now.host, now.regions.some(({ kind }) => kind === "video")) : nothing}` : nothing}
      ${state.layout ? fact("Picture", `${state.layout.width} × ${state.layout.height} at ${Math.round(state.scale * 100)} %`) : nothing}
      ${fact("Host's system", plain(state.system, 64) || "unknown")} ${fact("Granted", state.rights.map((right) => right.capability).join(", ") || "nothing")}
      ${state.person === "" ? nothing : fact("Let in as", plain(state.person, 64))} ${fact("Viewer", originWord(origin))}
      ${state.fingerprint === "" ? nothing : fact("Host’s key", html`<span class="mono">${state.fingerprint}</span>`)}
    </dl>
    ${state.webCodecs ? nothing : html`<p class="note">This browser has no WebCodecs: everything comes as exact tiles, and film is less smooth.</p>`}
    <p class="note">${originNote(origin)}</p>
  </aside>`;
}

function figures(now: Statistics, history: readonly Statistics[]): TemplateResult {
  const press = now.pressToPictureMs;
  return html`<div class="lead">
      <p class="figure">${press.count > 0 ? ms(press.p50) : "–"}</p>
      <p class="caption">
        from press to picture${press.count > 0 ? html`, 95 % within ${ms(press.p95)}` : html`: press a key to measure`}
      </p>
      ${curve(history.map((second) => (second.pressToPictureMs.count > 0 ? second.pressToPictureMs.p50 : second.roundTripMs)))}
    </div>
    <dl class="tiles">
      <div><dt>Round trip</dt><dd>${ms(now.roundTripMs)}</dd></div>
      <div><dt>Pictures</dt><dd>${Math.round(now.framesPerSecond)}<small>/s</small></dd></div>
      <div><dt>Bit rate</dt><dd>${rate(now.kilobitPerSecond)}</dd></div>
    </dl>`;
}

function curve(values: readonly number[]): TemplateResult {
  const top = Math.max(20, ...values);
  const points = values.map((value, index) => {
    const x = 240 - (values.length - 1 - index) * (240 / (HISTORY - 1));
    return `${x.toFixed(1)},${(38 - (value / top) * 36).toFixed(1)}`;
  });
  return html`<svg class="curve" viewBox="0 0 240 40" preserveAspectRatio="none" aria-hidden="true" focusable="false">
    ${svg`<path class="base" d="M0 38.5H240" /><polyline points=${points.join(" ")} />`}
  </svg>`;
}

function hostFacts(host: NonNullable<Statistics["host"]>, video: boolean): TemplateResult {
  const parts = `grab ${ms(host.grabUs / 1000)}, encode ${ms(host.encodeUs / 1000)}, queue ${ms(host.queueUs / 1000)}`;
  return html`${fact("At the host", parts)} ${video && host.videoKbit > 0 ? fact("Video budget", `${(host.videoKbit / 1000).toFixed(1)} Mbit/s`) : nothing}`;
}

function fact(name: string, value: string | TemplateResult): TemplateResult {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

function carriers(now: Statistics): TemplateResult {
  if (now.regions.length === 0) return html`nothing moves`;
  return html`${now.regions.slice(0, 6).map(
    ({ kind, rect: [, , width, height], codec }) =>
      html`<span class="region">${KINDS[kind]} ${width} × ${height}${codec === "" ? nothing : html` <small>${plain(codec, 32)}</small>`}</span>`,
  )}`;
}

/** Milliseconds, as fine as they are read. */
export function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function rate(kilobit: number): TemplateResult {
  return kilobit < 1000 ? html`${Math.round(kilobit)}<small> kbit/s</small>` : html`${(kilobit / 1000).toFixed(1)}<small> Mbit/s</small>`;
}
