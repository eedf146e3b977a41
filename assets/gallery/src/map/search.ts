/** Search for layers by name and title. */
import type { Item, Operation, Tree } from "./tree";

export class LayerSearch {
  readonly #tree: Tree;
  #query = "";

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  get isActive(): boolean {
    return this.#query !== "";
  }

  set query(text: string) {
    this.#query = text.trim().toLowerCase();
  }

  /** How many layers are found. */
  count(): number {
    return this.#pathsFound().length;
  }

  /** The path from the root to the first layer found. */
  firstPath(): Item[] | undefined {
    return this.#pathsFound()[0];
  }

  /** Whether an item is a layer found, or a closed group around one. */
  matches(item: Item, open: ReadonlySet<string>): boolean {
    if (item.kind === "operation") return this.#matchesLayer(item);
    return !open.has(item.key) && item.children.some((child) => this.matches(child, open));
  }

  #pathsFound(): Item[][] {
    return [...this.#tree.paths.values()].filter((path) => {
      const item = path[path.length - 1];
      return item?.kind === "operation" && this.#matchesLayer(item);
    });
  }

  #matchesLayer({ layer }: Operation): boolean {
    if (!this.isActive || !layer) return false;
    return `${layer.name}\n${layer.title}`.toLowerCase().includes(this.#query);
  }
}
