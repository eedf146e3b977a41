/** The network's map: boxes and lines from top to bottom, with zoom, folds, search and a card for the box in hand. */
import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity } from "d3-zoom";
import { type ModelData, present } from "../data/format";
import { html, svg } from "../draw/dom";
import { type Sheets, sheetsOf } from "../draw/view";
import { layerPage, plural } from "../words";
import { drawBox, drawStrip, measure, says } from "./boxes";
import { cardOf } from "./card";
import { type Drawing, layOut, type Placed } from "./layout";
import { beside, drawLine, outside } from "./place";
import { mapTools, ZOOM_STEP } from "./tools";
import { buildTree, type Item, openAtFirst, type Tree } from "./tree";

const SHOWN_AT_FIRST = 36;
const TALLEST_PX = 2400;
const LEAST_FIT = 0.55;

export class NetworkMap {
  readonly node = html("div", { class: "lurk-map" });
  readonly #tree: Tree;
  readonly #sheets: Sheets;
  readonly #frame = html("div", { class: "lurk-map-frame" });
  readonly #canvas = svg("svg", { class: "lurk-map-canvas", role: "group", tabindex: -1 });
  readonly #stage = svg("g");
  readonly #card = html("div", { class: "lurk-card", hidden: true, role: "tooltip" });
  readonly #found: HTMLElement;
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  readonly #input: readonly [number, number] | null;
  #open: Set<string>;
  #drawing: Drawing = { width: 0, height: 0, boxes: [], lines: [] };
  #current = "";
  #query = "";
  #fit = 1;

  constructor(
    readonly data: ModelData,
    readonly base: URL,
    readonly suffix: string,
    signal: AbortSignal,
  ) {
    if (!present(data.graph)) throw new Error("it was not traced");
    this.#tree = buildTree(data.graph, data.layers);
    this.#sheets = sheetsOf(data.sheets, base);
    this.#open = openAtFirst(this.#tree.root, SHOWN_AT_FIRST);
    const [, height, width] = data.graph.nodes[0]?.output ?? [];
    this.#input = height && width ? [height, width] : null;
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.15, 3])
      .filter((event: Event) => this.#answers(event))
      .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
        this.#stage.setAttribute("transform", event.transform.toString());
        this.#canvas.classList.toggle("lurk-map-zoomed", event.transform.k > this.#fit * 1.02);
        this.#hideCard();
      });
    this.#canvas.setAttribute("aria-label", `Map of ${data.title}: ${plural(this.#tree.layers, "layer")}`);
    this.#canvas.append(this.#stage);
    this.#frame.append(this.#canvas, this.#card);
    const tools = mapTools({
      find: (text) => {
        this.#query = text.trim().toLowerCase();
        this.#mark();
      },
      go: () => this.#goToFound(),
      fold: () => this.#foldAll(),
      fit: () => this.fit(),
      scale: (by) => this.#scale(by),
    });
    this.#found = tools.found;
    this.node.append(tools.node, this.#frame);
    select(this.#canvas).call(this.#zoom).on("dblclick.zoom", null);
    this.#listen(signal);
  }

  /** Lay out and draw; once the map stands in the page. */
  start(): void {
    this.#draw();
    this.fit();
  }

  /** The whole width in sight, from the top. */
  fit(): void {
    const room = this.#frame.clientWidth || 600;
    this.#fit = Math.max(LEAST_FIT, Math.min(1, room / this.#drawing.width));
    const height = Math.min(TALLEST_PX, this.#drawing.height * this.#fit + 8);
    this.#canvas.style.blockSize = `${height}px`;
    const left = Math.max(0, (room - this.#drawing.width * this.#fit) / 2);
    const narrow = this.#drawing.width * this.#fit > room;
    const start = narrow ? (room - this.#drawing.width * this.#fit) / 2 : left;
    select(this.#canvas).call(this.#zoom.transform, zoomIdentity.translate(start, 4).scale(this.#fit));
  }

  #draw(): void {
    this.#drawing = layOut(this.#tree, this.#open, measure);
    const { boxes, lines } = this.#drawing;
    if (!boxes.some(({ item }) => item.key === this.#current)) this.#current = boxes[0]?.item.key ?? "";
    const backs = boxes
      .filter(({ open }) => open)
      .map(({ x, y, width, height }) => svg("rect", { class: "lurk-map-open", x, y, width, height, rx: 4 }));
    this.#stage.replaceChildren(
      svg("g", { class: "lurk-map-lines", "aria-hidden": "true" }, ...backs, ...lines.map(drawLine)),
      ...boxes.map((box) => this.#box(box)),
      svg(
        "g",
        { class: "lurk-map-strips", "aria-hidden": "true" },
        ...boxes.flatMap((box) => drawStrip(box, this.#sheets)),
      ),
    );
    this.#mark();
  }

  #box(box: Placed): SVGElement {
    const { item } = box;
    const attributes = {
      class: "lurk-map-box",
      transform: `translate(${box.x},${box.y})`,
      "data-key": item.key,
      tabindex: item.key === this.#current ? 0 : -1,
      "aria-label": says(item),
    };
    const content = drawBox(box);
    if (item.kind === "op" && item.layer) {
      const href = layerPage(this.base, item.layer.slug, this.suffix);
      return svg("a", { ...attributes, href, "data-layer": item.layer.name }, ...content);
    }
    if (item.kind === "op") return svg("g", { ...attributes, role: "img" }, ...content);
    return svg("g", { ...attributes, role: "button", "aria-expanded": String(box.open) }, ...content);
  }

  #listen(signal: AbortSignal): void {
    const boxOf = (event: Event) => (event.target as Element).closest<SVGElement>(".lurk-map-box");
    const on = <K extends keyof SVGElementEventMap>(
      type: K,
      act: (event: SVGElementEventMap[K], box: SVGElement) => void,
    ) =>
      this.#canvas.addEventListener(
        type,
        (event) => {
          const box = boxOf(event);
          if (box) act(event, box);
        },
        { signal },
      );
    on("click", (event, box) => {
      if (box.tagName !== "a" && this.#foldable(box)) {
        event.preventDefault();
        this.#toggle(box.dataset.key ?? "");
      }
    });
    on("keydown", (event, box) => this.#key(event, box));
    on("focusin", (_, box) => {
      this.#setCurrent(box.dataset.key ?? "");
      if (box.matches(":focus-visible")) this.#showCard(box);
    });
    on("focusout", () => this.#hideCard());
    on("pointerover", (event, box) => {
      if (event.pointerType === "mouse" && !(this.#foldable(box) && box.getAttribute("aria-expanded") === "true"))
        this.#showCard(box);
    });
    on("pointerout", () => this.#hideCard());
    const observer = new ResizeObserver(([entry]) => {
      if (entry && Math.abs(entry.contentRect.width - width) > 1) {
        width = entry.contentRect.width;
        this.fit();
      }
    });
    let width = this.#frame.clientWidth;
    observer.observe(this.#frame);
    signal.addEventListener("abort", () => {
      observer.disconnect();
      select(this.#canvas).on(".zoom", null);
    });
  }

  /** Which gestures zoom and pan; a plain wheel and one finger scroll the page. */
  #answers(event: Event): boolean {
    if (event instanceof WheelEvent) return event.ctrlKey || event.metaKey;
    if (event.type === "touchstart") {
      return (event as TouchEvent).touches.length > 1 || this.#canvas.classList.contains("lurk-map-zoomed");
    }
    return !(event as MouseEvent).button && !(event as MouseEvent).ctrlKey;
  }

  #toggle(key: string): void {
    const before = this.#place(key);
    if (!this.#open.delete(key)) this.#open.add(key);
    this.#current = key;
    this.#draw();
    this.#resize();
    const after = this.#place(key);
    if (before && after) select(this.#canvas).call(this.#zoom.translateBy, before.x - after.x, before.y - after.y);
    if (this.#drawing.height * this.#fit + 8 <= TALLEST_PX) this.fit();
    this.#element(key)?.focus({ preventScroll: true });
  }

  #resize(): void {
    this.#canvas.style.blockSize = `${Math.min(TALLEST_PX, this.#drawing.height * this.#fit + 8)}px`;
  }

  #key(event: KeyboardEvent, box: SVGElement): void {
    const key = box.dataset.key ?? "";
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ((event.key === "Enter" || event.key === " ") && this.#foldable(box)) this.#toggle(key);
    else if (event.key in STEPS) this.#step(STEPS[event.key as keyof typeof STEPS]);
    else if (event.key === "Home" || event.key === "End")
      this.#focusAt(event.key === "Home" ? 0 : this.#walk().length - 1);
    else if (event.key === "+" || event.key === "=") this.#scale(ZOOM_STEP);
    else if (event.key === "-") this.#scale(1 / ZOOM_STEP);
    else if (event.key === "0") this.fit();
    else if (event.key === "Escape") this.#hideCard();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Boxes in reading order. */
  #walk(): Placed[] {
    return [...this.#drawing.boxes].sort((a, b) => a.y - b.y || a.x - b.x);
  }

  #step(by: number): void {
    const boxes = this.#walk();
    this.#focusAt(boxes.findIndex(({ item }) => item.key === this.#current) + by);
  }

  #focusAt(place: number): void {
    const target = this.#walk()[place];
    if (!target) return;
    this.#setCurrent(target.item.key);
    this.#bringIn(target);
    const element = this.#element(target.item.key);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
  }

  /** Pan so that a box lies inside the frame. */
  #bringIn({ item }: Placed): void {
    const element = this.#element(item.key);
    if (!element) return;
    const box = element.getBoundingClientRect();
    const frame = this.#frame.getBoundingClientRect();
    const { k } = this.#transform();
    const across = outside(box.left, box.right, frame.left, frame.right);
    const down = outside(box.top, box.bottom, frame.top, frame.bottom);
    if (across || down) select(this.#canvas).call(this.#zoom.translateBy, across / k, down / k);
  }

  #scale(by: number): void {
    select(this.#canvas).call(this.#zoom.scaleBy, by);
  }

  #transform(): { k: number; x: number; y: number } {
    return (
      (this.#canvas as SVGSVGElement & { __zoom?: { k: number; x: number; y: number } }).__zoom ?? { k: 1, x: 0, y: 0 }
    );
  }

  #place(key: string): Placed | undefined {
    return this.#drawing.boxes.find(({ item }) => item.key === key);
  }

  #element(key: string): SVGElement | null {
    return this.#stage.querySelector<SVGElement>(`[data-key="${key}"]`);
  }

  #foldable(box: SVGElement): boolean {
    return box.hasAttribute("aria-expanded");
  }

  #setCurrent(key: string): void {
    this.#element(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = key;
    this.#element(key)?.setAttribute("tabindex", "0");
  }

  #foldAll(): boolean {
    this.#open = this.#open.size ? new Set() : openAtFirst(this.#tree.root, SHOWN_AT_FIRST);
    this.#draw();
    this.fit();
    return this.#open.size > 0;
  }

  #matches(item: Item): boolean {
    if (!this.#query) return false;
    if (item.kind === "op")
      return (item.layer?.name ?? item.node.name ?? "").toLowerCase().includes(this.#query) && Boolean(item.layer);
    return !this.#open.has(item.key) && item.children.some((child) => this.#matches(child));
  }

  #mark(): void {
    let names = 0;
    for (const way of this.#tree.ways.values()) {
      const item = way[way.length - 1];
      if (item?.kind === "op" && this.#matches(item)) names += 1;
    }
    this.#found.textContent = this.#query ? (names ? plural(names, "layer") : "No layer of that name") : "";
    for (const { item } of this.#drawing.boxes) {
      this.#element(item.key)?.classList.toggle("lurk-map-hit", this.#matches(item));
    }
    this.#canvas.classList.toggle("lurk-map-searched", names > 0);
  }

  /** Unfold the way to the first layer found and put the focus on it. */
  #goToFound(): void {
    const way = [...this.#tree.ways.values()].find((steps) => {
      const item = steps[steps.length - 1];
      return item?.kind === "op" && this.#matches(item);
    });
    const target = way?.[way.length - 1];
    if (!way || !target) return;
    for (const step of way.slice(1, -1)) this.#open.add(step.key);
    this.#draw();
    this.fit();
    this.#focusAt(this.#walk().findIndex(({ item }) => item.key === target.key));
  }

  #showCard(box: SVGElement): void {
    const placed = this.#place(box.dataset.key ?? "");
    if (!placed || (placed.open && placed.item.kind !== "op")) return;
    this.#card.replaceChildren(...cardOf(placed.item, this.#sheets, this.#input));
    this.#card.hidden = false;
    const { offsetWidth: width, offsetHeight: height } = this.#card;
    const place = beside(box.getBoundingClientRect(), width, height);
    const frame = this.#frame.getBoundingClientRect();
    this.#card.style.left = `${place.x - frame.left}px`;
    this.#card.style.top = `${place.y - frame.top}px`;
  }

  #hideCard(): void {
    this.#card.hidden = true;
  }
}

const STEPS = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 } as const;
