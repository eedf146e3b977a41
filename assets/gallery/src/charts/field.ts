/** A unit's field as a square drawn to scale on the network's input. */
import { svg } from "../draw/dom";

export interface FieldSize {
  /** Height and width of the field, in pixels of the input. */
  size: readonly [number, number];
  input: readonly [number, number];
}

/** A small drawing: the input as an outline, the field filled in its middle; a field beyond the input fills it. */
export function fieldSquare({ size, input }: FieldSize): SVGSVGElement {
  const [height, width] = input;
  const rows = Math.min(size[0], height);
  const columns = Math.min(size[1], width);
  return svg(
    "svg",
    { class: "lurk-field", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" },
    svg("rect", { class: "lurk-field-input", width, height }),
    svg("rect", {
      class: "lurk-field-unit",
      x: (width - columns) / 2,
      y: (height - rows) / 2,
      width: Math.max(columns, width / 40),
      height: Math.max(rows, height / 40),
    }),
  );
}
