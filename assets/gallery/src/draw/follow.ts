/** Going to a page as a press on an HTML link goes there: hosts with instant navigation do not see links inside an SVG. */
import { html } from "./dom";

/** Whether a press means this window and nothing else. */
export function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
}

/** Press a link that lies in `place` for just that moment. */
export function follow(href: string, place: Element): void {
  const link = html("a", { href, hidden: true });
  place.append(link);
  link.click();
  link.remove();
}
