/** The window on the map: how large it is shown, and which gestures zoom and pan it. */
import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { html, svg } from "../draw/dom";
import type { Drawing } from "./layout";
import { outside } from "./place";

const TALLEST_PX = 2400;
const LEAST_FIT = 0.7;
/** A tall map is shown smaller than a page's letters, to a point. */
const TALL_FIT = 0.9;
/** On a wide page letters grow to the size of the page's own. */
const MOST_FIT = 1.2;

export class Viewport {
  readonly node = html("div", { class: "lurk-map-frame" });
  readonly canvas = svg("svg", { class: "lurk-map-canvas", role: "group", tabindex: -1 });
  readonly stage = svg("g");
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  #fit = 1;

  /** `moved` is told whenever what is in sight moves or grows. */
  constructor(moved: () => void, signal: AbortSignal) {
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.15, 3])
      .filter((event: Event) => this.#answers(event))
      .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
        this.stage.setAttribute("transform", event.transform.toString());
        this.canvas.classList.toggle("lurk-map-zoomed", event.transform.k > this.#fit * 1.02);
        moved();
      });
    this.canvas.append(this.stage);
    this.node.append(this.canvas);
    select(this.canvas).call(this.#zoom).on("dblclick.zoom", null);
    signal.addEventListener("abort", () => select(this.canvas).on(".zoom", null));
  }

  get width(): number {
    return this.node.clientWidth || 600;
  }

  /** The whole width in sight, from the top. */
  fit(drawing: Drawing): void {
    const most = Math.min(MOST_FIT, Math.max(TALL_FIT, (TALLEST_PX - 8) / drawing.height));
    this.#fit = Math.max(LEAST_FIT, Math.min(most, this.width / drawing.width));
    this.canvas.removeAttribute("viewBox");
    this.canvas.style.maxInlineSize = "";
    this.stretch(drawing);
    this.node.classList.toggle("lurk-map-cut", drawing.width * this.#fit > this.width + 1);
    const start = (this.width - drawing.width * this.#fit) / 2;
    select(this.canvas).call(this.#zoom.transform, zoomIdentity.translate(start, 4).scale(this.#fit));
  }

  /** Show all of a drawing, in whatever width paper has. */
  spread({ width, height }: Drawing): void {
    select(this.canvas).call(this.#zoom.transform, zoomIdentity);
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.canvas.style.blockSize = "auto";
    this.canvas.style.maxInlineSize = `${width}px`;
  }

  /** Say when the width around changes, and when everything is to be shown because the page is printed. */
  watch(around: Element, told: { resized(): void; printing(): void; printed(): void }, signal: AbortSignal): void {
    let width = around.clientWidth;
    let paper = false;
    const observer = new ResizeObserver(([entry]) => {
      if (paper || !entry || Math.abs(entry.contentRect.width - width) <= 1) return;
      width = entry.contentRect.width;
      told.resized();
    });
    observer.observe(around);
    const print = (on: boolean) => {
      paper = on;
      if (on) told.printing();
      else told.printed();
    };
    window.addEventListener("beforeprint", () => print(true), { signal });
    window.addEventListener("afterprint", () => print(false), { signal });
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Give the canvas the drawing's height; true where all of it has room. */
  stretch({ height }: Drawing): boolean {
    const wanted = height * this.#fit + 8;
    this.canvas.style.blockSize = `${Math.min(TALLEST_PX, wanted)}px`;
    return wanted <= TALLEST_PX;
  }

  scale(by: number): void {
    select(this.canvas).call(this.#zoom.scaleBy, by);
  }

  /** Pan by so many pixels of the drawing. */
  shift(across: number, down: number): void {
    select(this.canvas).call(this.#zoom.translateBy, across, down);
  }

  /** Pan so that an element lies inside the frame. */
  bringIn(element: Element): void {
    const box = element.getBoundingClientRect();
    const frame = this.node.getBoundingClientRect();
    const { k } = zoomTransform(this.canvas);
    const across = outside(box.left, box.right, frame.left, frame.right);
    const down = outside(box.top, box.bottom, frame.top, frame.bottom);
    if (across || down) this.shift(across / k, down / k);
  }

  /** A plain wheel and one finger scroll the page. */
  #answers(event: Event): boolean {
    if (event instanceof WheelEvent) return event.ctrlKey || event.metaKey;
    if (event.type === "touchstart") {
      return (event as TouchEvent).touches.length > 1 || this.canvas.classList.contains("lurk-map-zoomed");
    }
    return !(event as MouseEvent).button && !(event as MouseEvent).ctrlKey;
  }
}
