/** The window on the map: how large the map is shown, and which gestures zoom and pan it. */
import { select } from "d3-selection";
import { type D3ZoomEvent, type ZoomBehavior, zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { html, svg } from "../draw/dom";
import { middleInSight, shiftInto } from "./geometry";
import type { Drawing } from "./layout";

const TALLEST_PX = 2400;
const MARGIN_PX = 8;
/** Limits of the scale at which the width fits: letters stay readable; those of a tall map may be smaller than the page's. */
const LEAST_FIT = 0.7;
const TALL_FIT = 0.9;
const MOST_FIT = 1.2;
const ZOOM_EXTENT: [number, number] = [0.15, 3];

export interface ViewportEvents {
  resized(): void;
  /** The page is about to be printed, or was. */
  printing(): void;
  printed(): void;
}

export class Viewport {
  readonly node = html("div", { class: "lurk-map-frame" });
  readonly canvas = svg("svg", { class: "lurk-map-canvas", role: "group", tabindex: -1 });
  readonly stage = svg("g");
  readonly #zoom: ZoomBehavior<SVGSVGElement, unknown>;
  #fit = 1;

  /** `onMove` is called whenever the map moves or grows. */
  constructor(onMove: () => void, signal: AbortSignal) {
    this.#zoom = zoom<SVGSVGElement, unknown>()
      .scaleExtent(ZOOM_EXTENT)
      .filter((event: Event) => this.#accepts(event))
      .on("zoom", (event: D3ZoomEvent<SVGSVGElement, unknown>) => {
        this.stage.setAttribute("transform", event.transform.toString());
        this.canvas.classList.toggle("lurk-map-zoomed", event.transform.k > this.#fit * 1.02);
        onMove();
      });
    this.canvas.append(this.stage);
    this.node.append(this.canvas);
    select(this.canvas).call(this.#zoom).on("dblclick.zoom", null);
    signal.addEventListener("abort", () => select(this.canvas).on(".zoom", null));
  }

  /** The element of a box in sight. */
  box(key: string): SVGElement | null {
    return this.stage.querySelector<SVGElement>(`[data-key="${key}"]`);
  }

  get width(): number {
    return this.node.clientWidth || 600;
  }

  /** Show the whole width of a drawing, from the top. */
  fit(drawing: Drawing): void {
    const most = Math.min(MOST_FIT, Math.max(TALL_FIT, (TALLEST_PX - MARGIN_PX) / drawing.height));
    this.#fit = Math.max(LEAST_FIT, Math.min(most, this.width / drawing.width));
    this.canvas.removeAttribute("viewBox");
    this.canvas.style.maxInlineSize = "";
    this.setHeight(drawing);
    this.node.classList.toggle("lurk-map-cut", drawing.width * this.#fit > this.width + 1);
    const left = (this.width - drawing.width * this.#fit) / 2;
    select(this.canvas).call(this.#zoom.transform, zoomIdentity.translate(left, MARGIN_PX / 2).scale(this.#fit));
  }

  /** Show all of a drawing in whatever width paper has. */
  fitPaper({ width, height }: Drawing): void {
    select(this.canvas).call(this.#zoom.transform, zoomIdentity);
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.canvas.style.blockSize = "auto";
    this.canvas.style.maxInlineSize = `${width}px`;
  }

  /** Call when the width of an element changes, and when the page is printed. */
  watch(element: Element, events: ViewportEvents, signal: AbortSignal): void {
    let width = element.clientWidth;
    let isPrinting = false;
    const observer = new ResizeObserver(([entry]) => {
      if (isPrinting || !entry || Math.abs(entry.contentRect.width - width) <= 1) return;
      width = entry.contentRect.width;
      events.resized();
    });
    observer.observe(element);
    const print = (begins: boolean) => {
      isPrinting = begins;
      if (begins) events.printing();
      else events.printed();
    };
    window.addEventListener("beforeprint", () => print(true), { signal });
    window.addEventListener("afterprint", () => print(false), { signal });
    signal.addEventListener("abort", () => observer.disconnect());
  }

  /** Give the canvas the drawing's height; returns whether all of it has room. */
  setHeight({ height }: Drawing): boolean {
    const wanted = height * this.#fit + MARGIN_PX;
    this.canvas.style.blockSize = `${Math.min(TALLEST_PX, wanted)}px`;
    return wanted <= TALLEST_PX;
  }

  /** Zoom about the middle of that part of the map which is in the window. */
  zoomBy(factor: number): void {
    const { left, top, right, bottom } = this.canvas.getBoundingClientRect();
    const x = middleInSight(left, right, window.innerWidth);
    const y = middleInSight(top, bottom, window.innerHeight);
    select(this.canvas).call(this.#zoom.scaleBy, factor, [x - left, y - top]);
  }

  /** Pan by so many pixels of the drawing. */
  panBy(x: number, y: number): void {
    select(this.canvas).call(this.#zoom.translateBy, x, y);
  }

  /** Pan so that an element lies inside the frame. */
  panTo(element: Element): void {
    const box = element.getBoundingClientRect();
    const frame = this.node.getBoundingClientRect();
    const { k } = zoomTransform(this.canvas);
    const x = shiftInto(box.left, box.right, frame.left, frame.right);
    const y = shiftInto(box.top, box.bottom, frame.top, frame.bottom);
    if (x || y) this.panBy(x / k, y / k);
  }

  /** Whether a gesture zooms or pans the map: a plain wheel and one finger scroll the page. */
  #accepts(event: Event): boolean {
    if (event instanceof WheelEvent) return event.ctrlKey || event.metaKey;
    if (event.type === "touchstart") {
      return (event as TouchEvent).touches.length > 1 || this.canvas.classList.contains("lurk-map-zoomed");
    }
    return !(event as MouseEvent).button && !(event as MouseEvent).ctrlKey;
  }
}
