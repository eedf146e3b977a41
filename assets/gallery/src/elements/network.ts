/** `<lurk-network>`: the columns of the network on one screen, whose links stand in the page. The script adds arrow keys. */

/** How far each arrow key leads: columns to the right, and filters down. */
const STEPS: Record<string, [right: number, down: number]> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
};

export class LurkNetwork extends HTMLElement {
  #controller = new AbortController();

  connectedCallback(): void {
    this.#controller = new AbortController();
    const { signal } = this.#controller;
    this.#letTabStopAt(this.querySelector("a"));
    this.addEventListener("focusin", ({ target }) => this.#letTabStopAt((target as Element).closest("a")), { signal });
    this.addEventListener("keydown", (event) => this.#onKey(event), { signal });
  }

  disconnectedCallback(): void {
    this.#controller.abort();
  }

  /** Let Tab stop at one link alone: arrow keys lead to the others. */
  #letTabStopAt(current: HTMLAnchorElement | null): void {
    if (!current) return;
    for (const link of this.querySelectorAll("a")) link.tabIndex = link === current ? 0 : -1;
  }

  #onKey(event: KeyboardEvent): void {
    const [right, down] = STEPS[event.key] ?? [0, 0];
    if ((!right && !down) || event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = [...this.querySelectorAll("section")].map((column) => [...column.querySelectorAll("a")]);
    const x = columns.findIndex((column) => column.includes(document.activeElement as HTMLAnchorElement));
    const y = columns[x]?.indexOf(document.activeElement as HTMLAnchorElement) ?? 0;
    const column = columns[x + right];
    const link = column?.[right ? Math.min(y, column.length - 1) : y + down];
    if (!link) return;
    event.preventDefault();
    link.focus();
  }
}
