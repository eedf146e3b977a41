/** The focus on the map: Tab stops at one box, and arrow keys lead to the others in reading order. */
import type { PlacedBox } from "./layout";
import type { Viewport } from "./viewport";

export class BoxFocus {
  readonly #viewport: Viewport;
  /** In reading order. */
  #boxes: PlacedBox[] = [];
  /** The key of the box that has the focus, or gets it first. */
  #current = "";

  constructor(viewport: Viewport) {
    this.#viewport = viewport;
  }

  get current(): string {
    return this.#current;
  }

  /** Take over a new drawing; the current box stays, if it is still in sight. */
  setBoxes(boxes: readonly PlacedBox[]): void {
    if (!boxes.some(({ item }) => item.key === this.#current)) this.#current = boxes[0]?.item.key ?? "";
    this.#boxes = [...boxes].sort((a, b) => a.y - b.y || a.x - b.x);
  }

  /** Let Tab stop at a box from now on. */
  setCurrent(key: string): void {
    this.#viewport.box(this.#current)?.setAttribute("tabindex", "-1");
    this.#current = key;
    this.#viewport.box(key)?.setAttribute("tabindex", "0");
  }

  /** Focus the box that comes so many places after the current one. */
  step(by: number): void {
    this.#focusPlace(this.#boxes.findIndex(({ item }) => item.key === this.#current) + by);
  }

  first(): void {
    this.#focusPlace(0);
  }

  last(): void {
    this.#focusPlace(this.#boxes.length - 1);
  }

  /** Focus a box, and bring it into sight. */
  moveTo(key: string): void {
    this.setCurrent(key);
    const element = this.#viewport.box(key);
    if (element) this.#viewport.panTo(element);
    element?.focus({ preventScroll: true });
    element?.scrollIntoView({ block: "nearest" });
  }

  #focusPlace(place: number): void {
    const box = this.#boxes[place];
    if (box) this.moveTo(box.item.key);
  }
}
