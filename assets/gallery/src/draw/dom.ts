/** Making elements: attributes by name, listeners by `on`, children in order. */

type Child = Node | string | null | undefined | false;
type Value = string | number | boolean | null | undefined;
interface Options {
  [name: string]: Value | Record<string, (event: never) => void>;
}

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. A `false`, `null` or `undefined` attribute is left out, `true` is written empty. */
export function html<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Options = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return dress(document.createElement(tag), attributes, children);
}

/** An SVG element, with the same rules. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Options = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return dress(document.createElementNS(SVG, tag) as SVGElementTagNameMap[K], attributes, children);
}

function dress<E extends Element>(element: E, attributes: Options, children: Child[]): E {
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

let made = 0;

/** An id that no other element of this page has. */
export function freshId(stem: string): string {
  made += 1;
  return `lurk-${stem}-${made}`;
}
