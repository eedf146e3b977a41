/** The page with all photos: above the list stands the photo that the address names, `#photo-12`. */

import type { Loaded } from "../data/load";
import type { ModelData } from "../data/schema";
import { html } from "../draw/dom";
import { isPlainClick } from "../draw/links";
import { missing } from "../draw/missing";
import { headerHeight, scrollPage, topOf } from "../draw/scroll";
import { loadPhoto, photoTitle, photoView } from "./photo";
import { photoWalk } from "./walk";

const GAP_PX = 12;

/** Draw the photo that the address names into the element, and follow the visitor until the signal ends. */
export function drawPhotos(element: HTMLElement, model: Loaded<ModelData>, signal: AbortSignal): void {
  const { key = "", suffix = "/" } = element.dataset;
  let shown: number | null = null;
  const title = html("h2", { tabindex: -1 });
  const body = html("div", {});
  const walk = photoWalk((image) => {
    history.replaceState(history.state, "", `#photo-${image}`);
    void draw(image);
  });
  const head = html("div", { class: "lurk-photo-head" }, title, walk.node);
  const section = html("section", { class: "lurk-photo-page", "aria-label": "Photo", hidden: true }, head, body);

  const draw = async (image: number): Promise<void> => {
    shown = image;
    const isStale = () => signal.aborted || shown !== image;
    try {
      const content = await loadPhoto(model, key, image, suffix);
      if (isStale()) return;
      title.textContent = photoTitle(content);
      walk.update(model.value, image);
      body.replaceChildren(photoView(content));
    } catch (error) {
      if (!isStale()) body.replaceChildren(missing("The photo could not be shown", (error as Error).message));
    }
    section.hidden = false;
  };
  const open = async (image: number): Promise<void> => {
    await draw(image);
    if (signal.aborted || shown !== image) return;
    scrollPage(topOf(element) - headerHeight() - GAP_PX);
    title.focus({ preventScroll: true });
  };
  const followAddress = () => {
    const named = /^#photo-(\d+)$/.exec(location.hash)?.[1];
    if (named === undefined) [shown, section.hidden] = [null, true];
    else if (Number(named) !== shown) void open(Number(named));
  };
  const onClick = (event: MouseEvent) => {
    const link = (event.target as Element).closest<HTMLElement>("a[data-photo]");
    if (!link || !isPlainClick(event)) return;
    event.preventDefault();
    event.stopPropagation(); // the host's instant navigation would take it for a page
    history.pushState(history.state, "", `#photo-${link.dataset.photo}`);
    void open(Number(link.dataset.photo));
  };
  element.replaceChildren(section);
  document.addEventListener("click", onClick, { signal, capture: true });
  section.addEventListener("keydown", walk.onKey, { signal });
  window.addEventListener("popstate", followAddress, { signal });
  window.addEventListener("hashchange", followAddress, { signal });
  followAddress();
}
