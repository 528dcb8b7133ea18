/** What the page asks of the browser about where it is and who it is for. */

const NAME_KEY = "farhand.name";

/** The gateway's viewer leg, beside this page. */
export function lineAddress(page: string): string {
  const url = new URL("v1/viewer", page);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  url.search = "";
  return url.href;
}

/** The operating system, as the browser calls it. */
export function platformName(): string {
  const { userAgentData } = navigator as Navigator & { userAgentData?: { platform: string } };
  return userAgentData?.platform ?? navigator.platform;
}

/** What this browser is called in lists of devices: `Chromium on Linux`. */
export function deviceName(): string {
  const { userAgentData } = navigator as Navigator & { userAgentData?: { brands: readonly { brand: string }[] } };
  const brand = userAgentData?.brands.map((one) => one.brand).find((one) => !/not.*brand/i.test(one));
  const named = /(Firefox|Edg|Chrome|Safari)/.exec(navigator.userAgent)?.[1]?.replace("Edg", "Edge");
  return `${brand ?? named ?? "Browser"} on ${platformName() || "an unknown system"}`;
}

/** Whether fingers are the first means here. */
export function touchFirst(): boolean {
  return matchMedia("(pointer: coarse)").matches;
}

/** The name that was given last time. */
export function rememberedName(): string {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return ""; // storage is switched off: nothing is remembered
  }
}

export function rememberName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    // storage is switched off: nothing is remembered
  }
}

export function makeElement(tag: string, className: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  return made;
}
