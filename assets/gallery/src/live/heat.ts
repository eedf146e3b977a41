/** Lays a filter's map over the picture. */
import type { LiveLayer } from "../data/schema";
import { makeCanvas } from "./pictures";

/** What darkens the picture, so that the heat stands out from its own colours. */
const VEIL = "rgb(0 0 0 / 45%)";

/**
 * Draw the positive values of one filter's map, the strongest opaque, each over the middle of what its unit depends on. The size is the
 * picture's, in the units of the context.
 */
export function drawHeat(
  context: CanvasRenderingContext2D,
  layer: LiveLayer,
  maps: ArrayLike<number>,
  index: number,
  colour: string,
  [height, width]: readonly [height: number, width: number],
): void {
  const [, rows, columns] = layer.output;
  const from = index * rows * columns;
  let largest = 0;
  for (let at = 0; at < rows * columns; at += 1) largest = Math.max(largest, maps[from + at] as number);
  if (largest <= 0) return;
  const small = makeCanvas(columns, rows);
  const cells = small.getContext("2d");
  if (!cells) return;
  cells.fillStyle = colour;
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      cells.globalAlpha = Math.max(0, (maps[from + y * columns + x] as number) / largest) * 0.9;
      cells.fillRect(x, y, 1, 1);
    }
  }
  const [top, tall] = extent(layer.exact ? layer.rows : [], height);
  const [left, wide] = extent(layer.exact ? layer.columns : [], width);
  context.fillStyle = VEIL;
  context.fillRect(0, 0, width, height);
  context.imageSmoothingEnabled = true;
  context.drawImage(small, left, top, wide, tall);
}

/** Where a map begins along an axis, and how long it is, in pixels of the picture: as far as the middles of its units reach. */
function extent(bounds: readonly (readonly [number, number])[], length: number): [start: number, length: number] {
  const middle = ([start, end]: readonly [number, number]) => (start + end) / 2;
  const [first, last] = [bounds[0], bounds[bounds.length - 1]];
  if (!first || !last || bounds.length < 2) return [0, length];
  const step = (middle(last) - middle(first)) / (bounds.length - 1);
  return step > 0 ? [middle(first) - step / 2, step * bounds.length] : [0, length];
}
