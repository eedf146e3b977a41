/** The host's colours, where its theme gives them no names, as Bootstrap's did not before its fifth version. */

const TRANSPARENT = /^(transparent|rgba\(0, 0, 0, 0\)|)$/;

/** Note the colours of text and background around our elements as `--lurk-host-ink` and `--lurk-host-paper`. */
export function noteHostColours(): void {
  const own = document.querySelector(".lurk, lurk-gallery, lurk-map");
  const around: Element[] = [];
  for (let at = own?.parentElement ?? null; at; at = at.parentElement) around.push(at);
  const [nearest] = around;
  if (!nearest) return;
  const backgrounds = around.map((element) => getComputedStyle(element).backgroundColor);
  const paper = backgrounds.find((colour) => !TRANSPARENT.test(colour));
  const { style } = document.documentElement;
  style.setProperty("--lurk-host-ink", getComputedStyle(nearest).color);
  if (paper) style.setProperty("--lurk-host-paper", paper);
}
