/** The words of the front end in another language: a site in one loads this script, which translates what the elements draw. */
import table from "../../../mkdocs_lurk/pages/words.json";

type Rows = Readonly<Record<string, Readonly<Record<string, string>>>>;
/** A function that keeps what is drawn inside an element in the site's language, until the signal ends it. */
export type Translate = (element: Element, signal: AbortSignal) => void;

declare global {
  interface Window {
    lurkTranslate?: Translate;
  }
}

const ATTRIBUTES = ["title", "aria-label", "placeholder", "alt"];

/** The words of one language. */
export class Words {
  readonly #rows = new Map<string, string>();
  readonly #patterns: [RegExp, string][] = [];

  /**
   * @param language The language's code; `de-AT` is one of `de`.
   * @param rows The translations of each text; `{}` in a row is any text.
   */
  constructor(language: string, rows: Rows = table) {
    const code = language.toLowerCase().split(/[-_]/)[0] ?? "";
    for (const [english, row] of Object.entries(rows)) {
      const own = new Map(Object.entries(row)).get(code);
      if (own !== undefined) this.#rows.set(english, own);
    }
    for (const key of [...this.#rows.keys()].filter((one) => one.includes("{}")).sort((a, b) => b.length - a.length)) {
      const escaped = key.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replaceAll("{}", "(.+?)");
      this.#patterns.push([new RegExp(`^${escaped}$`, "s"), this.#rows.get(key) ?? ""]);
    }
  }

  /** Whether there are none. */
  get empty(): boolean {
    return this.#rows.size === 0;
  }

  /** A text in the language, with its blanks; as it is, if the table has no row for it. */
  translate(text: string): string {
    const words = text.trim();
    const own = words && (this.#rows.get(words) ?? this.#filled(words));
    return own ? text.replace(words, () => own) : text;
  }

  #filled(words: string): string | undefined {
    for (const [pattern, translation] of this.#patterns) {
      const parts = pattern.exec(words)?.slice(1);
      if (parts) return translation.replace(/\{\}/g, () => this.translate(parts.shift() ?? ""));
    }
    return undefined;
  }
}

/** Keep what is drawn inside an element in the site's language, until the signal ends it. */
export function keepTranslated(element: Element, signal: AbortSignal, words: Words): void {
  const observer = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target instanceof Text) translateText(target, words);
      else if (addedNodes.length === 0 && target instanceof Element) translateAttributes(target, words);
      for (const node of addedNodes) translateTree(node, words);
    }
  });
  translateTree(element, words);
  observer.observe(element, {
    childList: true,
    subtree: true,
    characterData: true,
    attributes: true,
    attributeFilter: ATTRIBUTES,
  });
  signal.addEventListener("abort", () => observer.disconnect());
}

function translateTree(root: Node, words: Words): void {
  if (root instanceof Text) {
    translateText(root, words);
    return;
  }
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
  for (let node: Node | null = root; node; node = walker.nextNode()) {
    if (node instanceof Text) translateText(node, words);
    else if (node instanceof Element) translateAttributes(node, words);
  }
}

function translateText(node: Text, words: Words): void {
  if (node.parentElement?.closest("code, pre, script, style")) return;
  const translated = words.translate(node.data);
  if (translated !== node.data) node.data = translated;
}

function translateAttributes(element: Element, words: Words): void {
  for (const name of ATTRIBUTES) {
    const value = element.getAttribute(name);
    const translated = value && words.translate(value);
    if (translated && translated !== value) element.setAttribute(name, translated);
  }
}
