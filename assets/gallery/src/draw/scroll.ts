/** Scrolling the page so that what the visitor looks at keeps its place in the window. */

/** Scroll the page by so many pixels at once. */
export function scrollPage(top: number): void {
  window.scrollBy({ top, behavior: "instant" });
}

/** Scroll the page so that the visitor sees it move, unless the visitor prefers no motion. */
export function scrollPageSmoothly(top: number): void {
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  window.scrollBy({ top, behavior: still ? "instant" : "smooth" });
}

/** An element's upper edge, in pixels from the window's. */
export function topOf(element: Element): number {
  return element.getBoundingClientRect().top;
}
