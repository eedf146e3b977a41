/** A button that folds what follows it; not `<details>`, which hosts dress as a box of their own. */
import { freshId, html } from "./dom";

export interface Disclosure {
  node: HTMLElement;
  close(): void;
}

/** A folded part. As a `menu` it floats, and closes by Escape or by a press elsewhere. */
export function disclosure(title: string, kind: string, children: Node[], menu?: AbortSignal): Disclosure {
  const body = html("div", { class: `${kind}-body`, id: freshId("fold"), hidden: true }, ...children);
  const set = (open: boolean) => {
    body.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
  };
  const button = html(
    "button",
    {
      type: "button",
      class: `${kind}-button`,
      "aria-expanded": "false",
      "aria-controls": body.id,
      on: { click: () => set(Boolean(body.hidden)) },
    },
    title,
  );
  const node = html("div", { class: kind }, button, body);
  const close = () => set(false);
  if (menu) {
    document.addEventListener(
      "pointerdown",
      (event) => {
        if (!node.contains(event.target as Node)) close();
      },
      { signal: menu },
    );
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || body.hidden) return;
      event.stopPropagation();
      close();
      button.focus();
    });
  }
  return { node, close };
}
