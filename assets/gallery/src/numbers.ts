/** Numbers in words, rounded to what they are worth. */

const SUPERSCRIPTS: Record<string, string> = Object.fromEntries(
  [..."-0123456789"].map((sign, at) => [sign, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"[at] ?? ""]),
);

/**
 * A score with up to three significant figures: 21.5, 0.012, 1,230. `mkdocs_lurk/pages/formatting.py` formats alike:
 * `test/numbers.json` has the cases of both.
 */
export function score(value: number): string {
  const size = Math.abs(value);
  if (Math.round(size) >= 1000) return withMinus((Math.sign(value) * Math.round(size)).toLocaleString("en"));
  if (size >= 100) return withMinus(value.toFixed(0));
  if (size >= 10) return withMinus(value.toFixed(1));
  if (size >= 0.1 || size === 0) return withMinus(value.toFixed(2));
  if (size >= 0.001) return withMinus(value.toPrecision(2));
  const [mantissa = "", exponent = ""] = value.toExponential(1).split("e");
  return `${withMinus(mantissa)} × 10${[...exponent].map((sign) => SUPERSCRIPTS[sign] ?? "").join("")}`;
}

/** A share as a percentage: 0.834 as "83 %". */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1) return "under 1 %";
  return `${value > 99 && value < 100 ? value.toFixed(1) : Math.round(value)} %`;
}

/** A ratio with two significant figures: 2.37 as "2.4", 21.5 as "22". */
export function ratio(value: number): string {
  return value >= 10 ? Math.round(value).toLocaleString("en") : withMinus(value.toFixed(1));
}

/** A large count with three significant figures: 1,235,496 as "1.24 million". */
export function count(value: number): string {
  const scales = [
    [1e9, " billion"],
    [1e6, " million"],
  ] as const;
  for (const [scale, word] of scales) if (value >= scale) return Number((value / scale).toPrecision(3)) + word;
  return value.toLocaleString("en");
}

/** A number and its noun: "1 filter", "3 filters"; `write` says how the number is written. */
export function plural(number: number, noun: string, write = (value: number) => value.toLocaleString("en")): string {
  return `${write(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A number's text with a true minus sign, and without any before zero. */
export function withMinus(text: string): string {
  return text.replace(/^-(0(\.0+)?)$/, "$1").replace("-", "−");
}
