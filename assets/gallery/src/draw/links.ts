/** Clicks on links that the host's instant navigation does not see, such as those inside an SVG. */
import { html } from "./dom";

/** Whether a click asks for this window: no modifier key, no other button. */
export function isPlainClick(event: MouseEvent): boolean {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

/** Go to a page as a click on an HTML link does: such a link lies in `parent` while it is clicked. */
export function followLink(href: string, parent: Element): void {
  const link = html("a", { href, hidden: true });
  parent.append(link);
  link.click();
  link.remove();
}
