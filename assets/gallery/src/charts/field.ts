/** A receptive field, drawn to scale on the network's input. */
import type { Size } from "../data/schema";
import { svg } from "../draw/dom";
import type { Chart } from "./chart";

/** Below this share of the input a field would be too small to be seen. */
const LEAST_SHARE = 1 / 40;

export interface FieldOptions {
  /** The network's input. */
  input: Size;
}

/**
 * The input as an outline and the field in its middle; a field larger than the input fills it. Decorative: the words beside it say the
 * same.
 */
export function fieldSquare(data: Size, { input }: FieldOptions): Chart<Size, SVGSVGElement> {
  const [height, width] = input;
  const field = svg("rect", { class: "lurk-field-unit" });
  const node = svg(
    "svg",
    { class: "lurk-field", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    svg("rect", { class: "lurk-field-input", width, height }),
    field,
  );

  function update(size: Size): void {
    const rows = Math.min(size[0], height);
    const columns = Math.min(size[1], width);
    field.setAttribute("x", String((width - columns) / 2));
    field.setAttribute("y", String((height - rows) / 2));
    field.setAttribute("width", String(Math.max(columns, width * LEAST_SHARE)));
    field.setAttribute("height", String(Math.max(rows, height * LEAST_SHARE)));
  }

  update(data);
  return { node, update };
}
