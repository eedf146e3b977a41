/** An opened filter as a figure to take along: its pictures, a caption and the address, as one SVG. */
import type { Box, FilterDetail, LayerData, Pic, RankedMaximum } from "../data/schema";
import { present } from "../data/schema";
import { svg } from "../draw/dom";
import { titleOf } from "../draw/photo-title";
import { isPixelArt, type Sheets } from "../draw/picture";
import { score } from "../numbers";
import { strength } from "./pictures";

/** A picture that stands in the figure: its address, and the part of that picture to show. */
export interface Source {
  href: string;
  viewBox: string;
  /** The size of the whole picture at the address. */
  width: number;
  height: number;
}

export interface FigureOptions {
  filter: FilterDetail;
  data: LayerData;
  title: string;
  /** The filter's permanent address. */
  address: string;
  sheets: Sheets;
  photos: Sheets;
  /** Turns a picture of a sheet into one for the figure. */
  source(picture: Pic, sheets: Sheets): Promise<Source>;
}

const [WIDTH, MARGIN, GAP] = [960, 24, 10];
const [LEFT, CELL, TOP] = [294, 142, 56];
const [LINE, LETTERS] = [19, 126];
const [INK, SOFT] = ["#1c1c1c", "#5a5a5a"];

/** Draw the figure, dark on white, whatever the page's colours are. */
export async function figure(options: FigureOptions): Promise<SVGSVGElement> {
  const { filter, data, address, sheets, photos, title } = options;
  const { max_activ: synthesis, top_max: maxima } = filter;
  const best = present(maxima) ? maxima.filter((item) => item.photo).slice(0, 4) : [];
  const hasSynthesis = present(synthesis);
  const right = MARGIN + (hasSynthesis ? LEFT + 2 * GAP : 0);
  const nodes: SVGElement[] = [text(title, MARGIN, 38, 21, INK, "600")];
  if (hasSynthesis)
    nodes.push(place(await options.source(synthesis.picture, sheets), MARGIN, TOP, LEFT, synthesis.picture));
  for (const [at, item] of best.entries()) {
    const [x, photo] = [right + at * (CELL + GAP), item.photo as Pic];
    const source = await options.source(photo, photos);
    const box = inPhoto(item.box, photo, data);
    nodes.push(part(source, box, photo, x, TOP), place(source, x, TOP + CELL + GAP, CELL, photo), mark(box, photo, x));
    nodes.push(
      text(
        `${titleOf(item.path) || (item.label ?? "")} ${score(item.score)}`,
        x,
        TOP + 2 * CELL + GAP + 17,
        12.5,
        SOFT,
      ),
    );
  }
  const lines = wrap(caption(options, best, hasSynthesis ? strength(synthesis) : null), LETTERS);
  const from = TOP + (hasSynthesis || best.length ? 2 * CELL + GAP + 44 : 12);
  nodes.push(...lines.map((line, at) => text(line, MARGIN, from + at * LINE, 14, INK)));
  const end = from + lines.length * LINE + 4;
  nodes.push(svg("a", { href: address }, text(address, MARGIN, end, 12.5, SOFT)));
  const height = end + MARGIN - 4;
  const paper = svg("rect", { width: WIDTH, height, fill: "#fff" });
  const size = { viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height };
  return svg("svg", { ...size, "font-family": "sans-serif" }, paper, ...nodes);
}

/** What the figure shows, in sentences. */
function caption({ filter, data }: FigureOptions, best: readonly RankedMaximum[], strong: string | null): string {
  const { layer, model } = data;
  const [height, width] = layer.receptive_field.size;
  const name = layer.title === layer.name ? layer.name : `${layer.title} (${layer.name})`;
  const field = layer.receptive_field.status === "whole" ? "the whole picture" : `${height} × ${width} px`;
  return [
    `Filter ${filter.index} of ${name} in ${model}; receptive field: ${field}.`,
    strong && `Left: a picture made by gradient ascent. ${strong}`,
    best.length > 0 &&
      "The photos with the highest responses, with the box of the strongest unit, and above them what the box holds; the numbers are responses before any activation.",
  ]
    .filter(Boolean)
    .join(" ");
}

/** A square with a picture in it. */
function place(
  { href, viewBox, width, height }: Source,
  x: number,
  y: number,
  side: number,
  [, , , w, h]: Pic,
): SVGElement {
  const style = isPixelArt(w, h) ? "image-rendering: pixelated" : null;
  return svg("svg", { x, y, width: side, height: side, viewBox }, svg("image", { href, width, height, style }));
}

/** The part of a photo inside a box, in a square. */
function part(source: Source, [top, left, bottom, right]: Box, photo: Pic, x: number, y: number): SVGElement {
  const [own = 0, own2 = 0] = source.viewBox.split(" ").map(Number);
  const viewBox = `${own + left} ${own2 + top} ${Math.max(1, right - left)} ${Math.max(1, bottom - top)}`;
  const size: Pic = [0, 0, 0, right - left, bottom - top];
  return place({ ...source, viewBox }, x, y, CELL, isPixelArt(photo[3], photo[4]) ? photo : size);
}

/** The outline of a box on the photo in the lower row. */
function mark([top, left, bottom, right]: Box, [, , , width, height]: Pic, x: number): SVGElement {
  const scale = CELL / Math.max(width, height);
  const at = {
    x: x + (CELL - width * scale) / 2 + left * scale,
    y: TOP + CELL + GAP + (CELL - height * scale) / 2 + top * scale,
  };
  const own = { ...at, width: (right - left) * scale, height: (bottom - top) * scale, fill: "none" };
  const under = svg("rect", { ...own, stroke: "#000", "stroke-opacity": 0.55, "stroke-width": 4 });
  return svg("g", {}, under, svg("rect", { ...own, stroke: "#fff", "stroke-width": 2 }));
}

function inPhoto([top, left, bottom, right]: Box, [, , , width, height]: Pic, { input_size }: LayerData): Box {
  const [down, across] = [height / input_size[0], width / input_size[1]];
  return [top * down, left * across, bottom * down, right * across];
}

function text(words: string, x: number, y: number, size: number, fill: string, weight = "400"): SVGElement {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are no characters of XML
  const clean = words.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
  return svg("text", { x, y, fill, "font-size": size, "font-weight": weight }, clean);
}

/** Lines of at most so many letters, broken between words. */
export function wrap(words: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < letters) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
