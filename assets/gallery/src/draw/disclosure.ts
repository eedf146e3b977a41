/** A button that shows and hides what follows it. Not `<details>`, which hosts style as a box of their own. */
import { freshId, html } from "./dom";

export interface Disclosure {
  node: HTMLElement;
  close(): void;
}

/**
 * A part that is hidden until its button is pressed. With a signal it is a menu: it floats, and closes by Escape or by a press elsewhere
 * until the signal ends. `kind` begins its CSS classes.
 */
export function disclosure(title: string, kind: string, children: Node[], menuSignal?: AbortSignal): Disclosure {
  const body = html("div", { class: `${kind}-body`, id: freshId("fold"), hidden: true }, ...children);
  const setOpen = (open: boolean) => {
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
      on: { click: () => setOpen(Boolean(body.hidden)) },
    },
    title,
  );
  const node = html("div", { class: kind }, button, body);
  const close = () => setOpen(false);
  if (menuSignal) {
    const closeFromOutside = (event: Event) => {
      if (!node.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", closeFromOutside, { signal: menuSignal });
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || body.hidden) return;
      event.stopPropagation();
      close();
      button.focus();
    });
  }
  return { node, close };
}
