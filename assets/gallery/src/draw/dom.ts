/** Makes elements: attributes by name, listeners under `on`, children in order. */

type Child = Node | string | null | undefined | false;
type Value = string | number | boolean | null | undefined;
interface Attributes {
  [name: string]: Value | Record<string, (event: never) => void>;
}

const SVG_NAMESPACE = "http://www.w3.org/2000/svg";

/** Make an HTML element. An attribute that is `false`, `null` or `undefined` is left out; `true` is written as an empty one. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** Make an SVG element, by the same rules. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS(SVG_NAMESPACE, tag) as SVGElementTagNameMap[K], attributes, children);
}

function fill<E extends Element>(element: E, attributes: Attributes, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "object") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener as EventListener);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

let idCount = 0;

/** An id that no other element of this page has. */
export function freshId(stem: string): string {
  idCount += 1;
  return `lurk-${stem}-${idCount}`;
}
