/** Search for layers by their own name, title and kind, and by those of the blocks around them. */
import type { Item, Operation } from "./items";
import type { Tree } from "./tree";

export class LayerSearch {
  readonly #tree: Tree;
  #query = "";
  /** Keys of the layers found. */
  #found = new Set<string>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  get isActive(): boolean {
    return this.#query !== "";
  }

  set query(text: string) {
    this.#query = text.trim().toLowerCase();
    this.#found = new Set(this.#query ? this.#keysFound() : []);
  }

  /** How many layers are found. */
  count(): number {
    return this.#found.size;
  }

  /** The path from the root to the first layer found. */
  firstPath(): Item[] | undefined {
    const [first] = this.#found;
    return first === undefined ? undefined : this.#tree.paths.get(first);
  }

  /** Whether an item is a layer found, or a closed group around one. */
  matches(item: Item, open: ReadonlySet<string>): boolean {
    if (item.kind === "operation") return this.#found.has(item.key);
    return !open.has(item.key) && item.children.some((child) => this.matches(child, open));
  }

  *#keysFound(): Generator<string> {
    for (const [key, path] of this.#tree.paths) {
      const item = path[path.length - 1];
      if (item?.kind === "operation" && item.layer && this.#isFound(item, path)) yield key;
    }
  }

  /** Whether the name or the kind of a layer, or of a block around it, holds the text. */
  #isFound({ layer }: Operation, path: readonly Item[]): boolean {
    const around = path.flatMap((item) => (item.kind === "operation" ? [] : [item.name, item.type]));
    return [layer?.name ?? "", layer?.title ?? "", layer?.kind ?? "", ...around].some((text) =>
      text.toLowerCase().includes(this.#query),
    );
  }
}
