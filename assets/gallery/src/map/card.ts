/** What a box tells on hover and on focus: kind, shape, parameters, field, a strip of filters. */

import { fieldSquare } from "../charts/field";
import type { ModelLayer } from "../data/format";
import { html } from "../draw/dom";
import { type Sheets, view } from "../draw/view";
import { count, plural } from "../words";
import { shown } from "./boxes";
import { beside } from "./place";
import { type Item, layersIn, opName } from "./tree";

const FIELD_WORDS = { exact: "sees", effective: "sees mostly", whole: "sees the whole picture:" } as const;

export interface CardOptions {
  sheets: Sheets;
  /** The network's input size, for the field's drawing. */
  input: readonly [number, number] | null;
  /** A layer's page. */
  page(layer: ModelLayer): string;
}

/** Beside a narrow map it floats by the box in hand and goes with it; beside a wide one it has its own place and stays. */
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

  /** The key of what a docked card tells about. */
  get shown(): string {
    return this.#docked ? (this.#item?.key ?? "") : "";
  }

  dock(docked: boolean): void {
    this.#docked = docked;
    this.node.classList.toggle("lurk-card-docked", docked);
    this.node.setAttribute("role", docked ? "group" : "tooltip");
    if (docked) this.node.setAttribute("aria-label", "The layer in hand");
    else this.node.removeAttribute("aria-label");
    this.node.removeAttribute("style");
    this.node.hidden = true;
  }

  /** Tell about an item where the card is docked. */
  keep(item: Item): void {
    if (this.#docked) this.#fill(item);
  }

  /** Tell about an item, by its box. */
  tell(item: Item, box: Element): void {
    if (!this.#docked || item.key !== this.shown) this.#fill(item);
    if (this.#docked) return;
    const { offsetWidth: width, offsetHeight: height } = this.node;
    const place = beside(box.getBoundingClientRect(), width, height);
    const frame = (this.node.offsetParent ?? this.node).getBoundingClientRect();
    this.node.style.left = `${place.x - frame.left}px`;
    this.node.style.top = `${place.y - frame.top}px`;
  }

  /** The box in hand was left. */
  leave(): void {
    if (!this.#docked) this.node.hidden = true;
  }

  #fill(item: Item): void {
    const { sheets, input, page } = this.#options;
    this.#item = item;
    this.node.replaceChildren(...cardOf(item, sheets, input));
    const layer = item.kind === "op" ? item.layer : null;
    if (this.#docked && layer)
      this.node.append(html("a", { class: "lurk-card-way", href: page(layer) }, "See its filters"));
    this.node.hidden = false;
  }
}

/** The card's content. */
function cardOf(item: Item, sheets: Sheets, input: CardOptions["input"]): Node[] {
  if (item.kind !== "op") {
    const name = item.kind === "run" ? `${plural(item.children.length, "block")} built alike` : item.name;
    const last = shown(item);
    return [
      title(name),
      line(`${item.type ? `${item.type}, ` : ""}${plural(layersIn(item), "layer")}. Press to unfold or fold.`),
      ...(last ? [line(`Filters of its last layer, ${last.name}:`), strip(last, sheets)] : []),
    ];
  }
  const { layer, node, after } = item;
  const parts: Node[] = [title(layer?.name ?? opName(node.type))];
  const kind = layer?.kind ?? node.type;
  const shape = (layer?.output ?? node.output)?.join(" × ");
  parts.push(line([kind, shape ? `output ${shape}` : ""].filter(Boolean).join(", ")));
  const figures = [
    node.parameters || layer?.parameters ? plural2(node.parameters || layer?.parameters || 0, "parameter") : "",
    node.macs || layer?.macs ? plural2(node.macs || layer?.macs || 0, "multiply-add") : "",
  ].filter(Boolean);
  parts.push(...figures.map(line));
  if (after.length) parts.push(line(`then ${after.join(", ")}`));
  if (layer?.field?.size) {
    const { size, status } = layer.field;
    const words = `A unit ${FIELD_WORDS[status] ?? "sees"} ${size.join(" × ")} pixels.`;
    parts.push(
      html("div", { class: "lurk-card-field" }, input ? fieldSquare({ size, input }) : null, html("span", {}, words)),
    );
  }
  if (layer?.strip?.length) parts.push(strip(layer, sheets));
  return parts;
}

function strip(layer: ModelLayer, sheets: Sheets): HTMLElement {
  return html("div", { class: "lurk-card-strip" }, ...(layer.strip ?? []).map(([, picture]) => view(picture, sheets)));
}

function title(text: string): HTMLElement {
  return html("strong", {}, text);
}

function line(text: string): HTMLElement {
  return html("div", {}, text);
}

function plural2(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}
