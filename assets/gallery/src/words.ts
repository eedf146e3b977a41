/** Numbers and addresses in words. */

const RAISED: Record<string, string> = Object.fromEntries(
  [..."-0123456789"].map((sign, at) => [sign, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[at] ?? ""]),
);

/** Three figures that count: 21.5, 0.0123, 1,230. */
export function score(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return Math.round(value).toLocaleString("en");
  if (size >= 100) return tidy(value.toFixed(0));
  if (size >= 10) return tidy(value.toFixed(1));
  if (size >= 0.1 || size === 0) return tidy(value.toFixed(2));
  if (size >= 0.001) return tidy(value.toPrecision(2));
  const [figure = "", power = ""] = value.toExponential(1).split("e");
  return `${tidy(figure)} × 10${[...power].map((sign) => RAISED[sign] ?? "").join("")}`;
}

/** 0.834 as "83 %". */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1) return "under 1 %";
  return `${value > 99 && value < 100 ? value.toFixed(1) : Math.round(value)} %`;
}

/** 2.37 as "2.4", 21.5 as "22". */
export function ratio(value: number): string {
  return value >= 10 ? String(Math.round(value)) : value.toFixed(1);
}

/** 1,235,496 as "1.24 million". */
export function count(value: number): string {
  const scales = [
    [1e9, " billion"],
    [1e6, " million"],
  ] as const;
  for (const [scale, word] of scales) if (value >= scale) return Number((value / scale).toPrecision(3)) + word;
  return value.toLocaleString("en");
}

/** "1 filter", "3 filters". */
export function plural(number: number, word: string): string {
  return `${number.toLocaleString("en")} ${word}${number === 1 ? "" : "s"}`;
}

/** A layer's name in addresses: anything outside letters, digits, ".", "_" and "-" becomes "-". */
export function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, "-");
}

/** The address of a layer's page from a data script that stands in a folder beside (or above) the layers' folders. */
export function layerPage(modelFolder: URL, layerSlug: string, suffix: string): string {
  const page = new URL(`${layerSlug}${suffix}`, modelFolder);
  // A browser shows a folder's listing, not its page, for a folder on disk.
  if (page.protocol === "file:" && page.pathname.endsWith("/")) page.pathname += "index.html";
  return page.href;
}

function tidy(text: string): string {
  return text.replace(/^-(0(\.0+)?)$/, "$1").replace("-", "−");
}
