/** In each layer, the filters that answer most to the picture: the part of it that excites each, beside the filter's own best crop. */
import { layerPage } from "../data/addresses";
import type { Box, LiveData, LiveLayer } from "../data/schema";
import { html } from "../draw/dom";
import { picture, type Sheets, sheetsOf } from "../draw/picture";
import { score } from "../numbers";
import { comparison, type FilterAnswer } from "./answers";
import { makeCanvas } from "./pictures";

const MOST_TILES = 6;
/** The least side of a crop, as a share of the picture's: a crop of three pixels tells nothing alone. */
const LEAST = 1 / 9;
const CROP_PX = 72;

/** The part of the picture that a filter's strongest unit depends on, clipped to it; all of it where that is not known. */
export function boxOf(layer: LiveLayer, { y, x }: FilterAnswer, width: number, height: number): Box {
  const [top, bottom] = layer.rows[y] ?? [0, height];
  const [left, right] = layer.columns[x] ?? [0, width];
  return [Math.max(0, top), Math.max(0, left), Math.min(height, bottom), Math.min(width, right)];
}

/** What a filter is called: its index, and its name if it has one. */
export function filterName({ filter }: FilterAnswer): string {
  return `Filter ${filter.index}${filter.name ? ` ${filter.name}` : ""}`;
}

/** Draw the part of a picture around a box into a square canvas. */
export function drawCrop(canvas: HTMLCanvasElement, source: HTMLCanvasElement, [top, left, bottom, right]: Box): void {
  const side = Math.max(Math.ceil(LEAST * Math.min(source.width, source.height)), bottom - top, right - left);
  const start = (from: number, to: number, length: number) =>
    Math.min(Math.max(0, (from + to - side) / 2), Math.max(0, length - side));
  const context = canvas.getContext("2d");
  if (!context) return;
  context.imageSmoothingEnabled = side > 48;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const [x, y] = [start(left, right, source.width), start(top, bottom, source.height)];
  context.drawImage(source, x, y, side, side, 0, 0, canvas.width, canvas.height);
}

interface Tile {
  node: HTMLButtonElement;
  canvas: HTMLCanvasElement;
  text: HTMLElement;
  answer: FilterAnswer;
}

export class Tiles {
  readonly node = html("div", { class: "lurk-live-layers" });
  readonly #data: LiveData;
  readonly #open: (answer: FilterAnswer) => void;
  readonly #sheets: Sheets;
  readonly #rows: HTMLElement[];
  readonly #tiles = new Map<number, Tile>();

  constructor(data: LiveData, base: URL, suffix: string, open: (answer: FilterAnswer) => void) {
    [this.#data, this.#open] = [data, open];
    this.#sheets = sheetsOf(data.sheets, base);
    this.#rows = data.layers.map(() => html("div", { class: "lurk-live-row" }));
    data.layers.forEach(({ slug, title }, place) => {
      const link = html("a", { href: layerPage(new URL("./", base), slug, suffix) }, title);
      this.node.append(html("section", { class: "lurk-live-layer" }, html("h3", {}, link), this.#rows[place]));
    });
  }

  /** Show the answers of all layers to a picture; what `before` says of a filter stands beside it, after a word. */
  update(
    answers: FilterAnswer[][],
    source: HTMLCanvasElement,
    before: ReadonlyMap<number, number> | null,
    word: string,
  ): void {
    answers.forEach((own, place) => {
      const tiles = own.slice(0, MOST_TILES).map((answer) => this.#tile(answer, source, before, word));
      const row = this.#rows[place];
      const same = row?.children.length === tiles.length && tiles.every((tile, at) => row.children[at] === tile);
      if (!same) row?.replaceChildren(...tiles);
    });
  }

  #tile(
    answer: FilterAnswer,
    source: HTMLCanvasElement,
    before: ReadonlyMap<number, number> | null,
    word: string,
  ): HTMLElement {
    const { place } = answer.filter;
    let tile = this.#tiles.get(place);
    if (!tile) {
      tile = this.#make(answer);
      this.#tiles.set(place, tile);
    }
    tile.answer = answer;
    const layer = this.#data.layers[answer.layer] as LiveLayer;
    drawCrop(tile.canvas, source, boxOf(layer, answer, source.width, source.height));
    const words = comparison(answer, this.#data.levels);
    const was = before?.get(place);
    tile.text.textContent = was === undefined ? words : `${score(answer.value)}, ${word} ${score(was)}`;
    tile.node.title = `${filterName(answer)}: ${score(answer.value)}, ${words}`;
    return tile.node;
  }

  #make(answer: FilterAnswer): Tile {
    const { filter } = answer;
    const canvas = makeCanvas(CROP_PX, CROP_PX);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The part of your picture");
    const own = filter.crop ? picture(filter.crop, this.#sheets, "Its best crop") : null;
    const text = html("span", { class: "lurk-live-words" });
    const node = html(
      "button",
      { type: "button", class: "lurk-live-tile", "data-place": filter.place },
      html("span", { class: "lurk-live-pair" }, canvas, own),
      html("span", { class: "lurk-live-name" }, filterName(answer)),
      text,
    );
    const tile: Tile = { node, canvas, text, answer };
    node.addEventListener("click", () => this.#open(tile.answer));
    return tile;
  }
}
