/** Scrolling the page, so that a part of it keeps its place in the window or comes into sight. */

/** Scroll the page by so many pixels at once. */
export function scrollPage(top: number): void {
  window.scrollBy({ top, behavior: "instant" });
}

/** Scroll the page smoothly, unless the visitor prefers reduced motion. */
export function scrollPageSmoothly(top: number): void {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  window.scrollBy({ top, behavior: still ? "instant" : "smooth" });
}

/** An element's upper edge, in pixels from the window's. */
export function topOf(element: Element): number {
  return element.getBoundingClientRect().top;
}

/** The height of the host's header, in pixels, where it stays at the top of the window; else 0. */
export function headerHeight(): number {
  const header = document.querySelector(".md-header, .navbar.fixed-top");
  const stays = header && /sticky|fixed/.test(getComputedStyle(header).position);
  return stays ? header.getBoundingClientRect().height : 0;
}
