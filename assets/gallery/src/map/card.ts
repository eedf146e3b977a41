/** What a box tells on hover and on focus: kind, shape, parameters, receptive field, a strip of filters. */

import * as definitions from "../../../../mkdocs_lurk/pages/definitions.json";
import { fieldSquare } from "../charts/field";
import type { ModelLayer, Size } from "../data/schema";
import { html } from "../draw/dom";
import { picture, type Sheets } from "../draw/picture";
import { count, plural } from "../numbers";
import { pictureLayer } from "./boxes";
import { cornerBeside } from "./geometry";
import type { Group, Item, Operation, Repeat } from "./items";
import { operationName } from "./operations";
import { countLayers } from "./tree";

const FIELD_WORDS = { exact: "", effective: "about ", whole: "the whole picture, " } as const;

export interface CardOptions {
  sheets: Sheets;
  /** The network's input, for the drawing of the receptive field. */
  input: Size | null;
  /** The address of a layer's page. */
  page(layer: ModelLayer): string;
}

/** Beside a narrow map the card floats by the current box and goes with it; beside a wide map it is docked and stays. */
export class Card {
  readonly node = html("div", { class: "lurk-card", hidden: true });
  readonly #options: CardOptions;
  #docked = false;
  #item: Item | null = null;

  constructor(options: CardOptions) {
    this.#options = options;
    this.dock(false);
  }

  get docked(): boolean {
    return this.#docked;
  }

  /** The key of the item that a docked card shows; "" where the card floats. */
  get dockedKey(): string {
    return this.#docked ? (this.#item?.key ?? "") : "";
  }

  /** Let the card stand beside the map, or float. */
  dock(docked: boolean): void {
    this.#docked = docked;
    this.node.classList.toggle("lurk-card-docked", docked);
    this.node.setAttribute("role", docked ? "group" : "tooltip");
    if (docked) this.node.setAttribute("aria-label", "The layer in hand");
    else this.node.removeAttribute("aria-label");
    this.node.removeAttribute("style");
    this.node.hidden = true;
  }

  /** Show an item in a docked card; a floating one needs a box to float by. */
  showIfDocked(item: Item): void {
    if (this.#docked) this.#fill(item);
  }

  /** Show an item; a floating card stands by the item's box. */
  show(item: Item, box: Element): void {
    if (!this.#docked || item.key !== this.dockedKey) this.#fill(item);
    if (this.#docked) return;
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const corner = cornerBeside(box.getBoundingClientRect(), width, height);
    const frame = (this.node.offsetParent ?? this.node).getBoundingClientRect();
    this.node.style.left = `${corner.x - frame.left}px`;
    this.node.style.top = `${corner.y - frame.top}px`;
  }

  /** Hide a floating card. */
  hideIfFloating(): void {
    if (!this.#docked) this.node.hidden = true;
  }

  #fill(item: Item): void {
    const { page } = this.#options;
    this.#item = item;
    const content = item.kind === "operation" ? operationFacts(item, this.#options) : groupFacts(item);
    const pictures = pictureLayer(item);
    this.node.replaceChildren(...content);
    const layer = item.kind === "operation" ? item.layer : null;
    if (this.#docked && layer)
      this.node.append(html("a", { class: "lurk-card-link", href: page(layer) }, "See its filters"));
    if (pictures?.strip.length) this.node.append(strip(pictures, this.#options, this.#docked));
    this.node.hidden = false;
  }
}

function groupFacts(item: Group | Repeat): Node[] {
  const name = item.kind === "repeat" ? `${plural(item.children.length, "block")} built alike` : item.name;
  const layers = plural(countLayers(item), "layer");
  const last = pictureLayer(item);
  return [
    title(name),
    line(`${item.type ? `${item.type}, ` : ""}${layers}. Press to unfold or fold.`),
    ...(last ? [line(`Filters of its last layer, ${last.title}:`)] : []),
  ];
}

function operationFacts({ layer, node, after }: Operation, { input }: CardOptions): Node[] {
  const kind = layer?.kind ?? node.type;
  const shape = (layer?.output ?? node.output).join(" × ");
  const parameters = node.parameters || layer?.parameters;
  const macs = node.macs || layer?.macs;
  return [
    title(layer?.title ?? operationName(node.type)),
    ...(layer && layer.title !== layer.name ? [line(layer.name)] : []),
    line([kind, shape && `output ${shape}`].filter(Boolean).join(", ")),
    ...(parameters ? [line(plural(parameters, "parameter", count), definitions.parameters)] : []),
    ...(macs ? [line(plural(macs, "multiply-add", count), definitions.macs)] : []),
    ...(after.length ? [line(`Followed by ${after.join(", ")}`)] : []),
    ...(layer ? [fieldFact(layer, input)] : []),
  ];
}

function fieldFact({ field: { size, status } }: ModelLayer, input: Size | null): HTMLElement {
  const words = `Receptive field: ${FIELD_WORDS[status] ?? ""}${size.join(" × ")} pixels.`;
  const square = input && fieldSquare(size, { input }).node;
  const meaning = status === "effective" ? definitions.effective_field : definitions.receptive_field;
  return html("div", { class: "lurk-card-field" }, square, html("span", { title: meaning }, words));
}

/** The pictures of some of a layer's filters; where they can be pressed, each leads to its filter. */
function strip(layer: ModelLayer, { sheets, page }: CardOptions, linked: boolean): HTMLElement {
  const pictures = layer.strip.map(([index, thumb]) => {
    if (!linked) return picture(thumb, sheets);
    const link = { href: `${page(layer)}#filter-${index}`, "aria-label": `Filter ${index} of ${layer.name}` };
    return html("a", link, picture(thumb, sheets));
  });
  return html("div", { class: "lurk-card-strip" }, ...pictures);
}

function title(text: string): HTMLElement {
  return html("strong", {}, text);
}

function line(text: string, meaning: string | null = null): HTMLElement {
  return html("div", { title: meaning }, text);
}
