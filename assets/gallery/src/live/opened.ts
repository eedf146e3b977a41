/** One filter: where it answers in the picture, and the picture among the photos that excite it most. */
import { layerPage } from "../data/addresses";
import { loadData } from "../data/load";
import { type Box, type ChunkData, type LiveData, type LiveLayer, present, type RankedMaximum } from "../data/schema";
import { iconButton } from "../draw/buttons";
import { freshId, html } from "../draw/dom";
import { scene, sheetsOf } from "../draw/picture";
import { score } from "../numbers";
import { comparison, type FilterAnswer } from "./answers";
import { drawHeat } from "./heat";
import { makeCanvas } from "./pictures";
import { boxOf, drawCrop, filterName } from "./tiles";

const CROP_PX = 96;
/** The least side of a photo's crop, as a share of the photo's. */
const LEAST = 1 / 4;
/** The least side of the picture with the heat map: pixels of small pictures are seen as squares. */
const HEAT_PX = 224;

export class Opened {
  readonly node = html("section", { class: "lurk-live-opened", hidden: true });
  readonly #options: { data: LiveData; base: URL; suffix: string; signal: AbortSignal; close: () => void };
  readonly #canvas: HTMLCanvasElement;
  readonly #scale: number;
  readonly #title = html("h2", { tabindex: -1, id: freshId("live") });
  readonly #words = html("p", {});
  readonly #photos = html("div", { class: "lurk-live-ranks" });
  #answer: FilterAnswer | null = null;
  #chunk: ChunkData["filters"][number] | null = null;
  #sheets: readonly string[] = [];

  constructor(options: { data: LiveData; base: URL; suffix: string; signal: AbortSignal; close: () => void }) {
    this.#options = options;
    const [, height, width] = options.data.input.size;
    this.#scale = Math.max(1, Math.ceil(HEAT_PX / Math.max(width, height)));
    this.#canvas = makeCanvas(width * this.#scale, height * this.#scale);
    this.#canvas.className = "lurk-live-heat";
    this.#canvas.setAttribute("role", "img");
    this.node.setAttribute("aria-labelledby", this.#title.id);
    const close = iconButton("×", "Close", () => this.close());
    const head = html("div", { class: "lurk-live-head" }, this.#title, close);
    const right = html("div", {}, this.#words, this.#photos);
    this.node.append(head, html("div", { class: "lurk-live-both" }, this.#canvas, right));
    this.node.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** The filter that is open. */
  get answer(): FilterAnswer | null {
    return this.#answer;
  }

  /** Open a filter; its photos follow when they are loaded. */
  async open(answer: FilterAnswer): Promise<void> {
    const { data, base, suffix, signal } = this.#options;
    const layer = data.layers[answer.layer] as LiveLayer;
    const isOther = this.#answer?.filter.place !== answer.filter.place;
    this.#answer = answer;
    if (!isOther) return;
    const page = `${layerPage(new URL("./", base), layer.slug, suffix)}#filter-${answer.filter.index}`;
    this.#title.replaceChildren(html("a", { href: page }, filterName(answer)), ` of ${layer.title}`);
    this.#photos.replaceChildren();
    this.#chunk = null;
    this.node.hidden = false;
    const place = layer.filters.findIndex(({ index }) => index === answer.filter.index);
    const number = Math.floor(place / layer.chunk);
    const source = new URL(`${layer.slug}/filters-${number}.js`, base);
    const loaded = await loadData<ChunkData>(source, `${data.model}/${layer.slug}/filters-${number}`);
    if (signal.aborted || this.#answer?.filter.place !== answer.filter.place) return;
    this.#chunk = loaded.value.filters[place % layer.chunk] ?? null;
    this.#sheets = loaded.value.photos.map((name) => new URL(name, loaded.base).href);
  }

  /** The photos with its highest responses, as far as they are loaded. */
  get #best(): readonly RankedMaximum[] {
    const best = this.#chunk?.top_max;
    return present(best) ? best : [];
  }

  focus(): void {
    this.#title.focus({ preventScroll: true });
    this.node.scrollIntoView({ block: "nearest" });
  }

  close(): void {
    this.node.hidden = true;
    this.#answer = null;
    this.#options.close();
  }

  /** Draw the answer to a picture, with the maps of the filter's layer. */
  update(answer: FilterAnswer, source: HTMLCanvasElement, maps: ArrayLike<number>): void {
    const { data } = this.#options;
    const layer = data.layers[answer.layer] as LiveLayer;
    this.#answer = answer;
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    context.setTransform(this.#scale, 0, 0, this.#scale, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(source, 0, 0);
    const { color: colour } = getComputedStyle(this.#canvas);
    drawHeat(context, layer, maps, answer.filter.index, colour, [source.height, source.width]);
    const box = boxOf(layer, answer, source.width, source.height);
    mark(context, box, source.width);
    this.#canvas.setAttribute("aria-label", `Where ${filterName(answer)} answers in your picture`);
    const best = this.#best;
    const above = best.filter((one) => one.score >= answer.value).length;
    const rank = best.length > above ? ` Rank ${above + 1} among its best ${best.length}.` : "";
    this.#words.textContent = `Response ${score(answer.value)}: ${comparison(answer, data.levels)}.${rank}`;
    this.#rank(answer, source, box);
  }

  /** Show the photos with the highest responses, and the picture in its place among them. */
  #rank(answer: FilterAnswer, source: HTMLCanvasElement, box: Box): void {
    const best = this.#best;
    const canvas = makeCanvas(CROP_PX, CROP_PX);
    drawCrop(canvas, source, box);
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The part of your picture");
    const yours = figure(canvas, `Your picture, ${score(answer.value)}`, "lurk-live-yours");
    const figures = best.flatMap(({ photo, box: own, score: value, path }) => {
      if (!photo) return [];
      const [height, width] = [photo[4], photo[3]];
      const side = Math.max(Math.ceil(LEAST * Math.min(height, width)), own[2] - own[0], own[3] - own[1]);
      const frame = square(own, Math.min(side, height, width), height, width);
      const node = scene({ photo, photos: sheetsOf([...this.#sheets], this.#options.base), frame, label: path });
      return [{ value, node: figure(node, score(value), "") }];
    });
    const place = figures.filter(({ value }) => value >= answer.value).length;
    const nodes = figures.map(({ node }) => node);
    this.#photos.replaceChildren(...nodes.slice(0, place), yours, ...nodes.slice(place));
  }
}

function figure(node: Element, words: string, name: string): HTMLElement {
  return html("figure", { class: name || null }, node, html("figcaption", {}, words));
}

function square([top, left, bottom, right]: Box, side: number, height: number, width: number): Box {
  const y = Math.min(Math.max(0, Math.round((top + bottom - side) / 2)), height - side);
  const x = Math.min(Math.max(0, Math.round((left + right - side) / 2)), width - side);
  return [y, x, y + side, x + side];
}

/** A rectangle that shows on any picture. */
function mark(context: CanvasRenderingContext2D, [top, left, bottom, right]: Box, width: number): void {
  const line = width / 150;
  for (const [colour, thickness] of [
    ["#000", line * 1.6],
    ["#fff", line * 0.8],
  ] as const) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.strokeRect(
      left + line,
      top + line,
      Math.max(line, right - left - 2 * line),
      Math.max(line, bottom - top - 2 * line),
    );
  }
}
