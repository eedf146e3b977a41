/** What the quiz's data hold. */
import type { Box, Pic } from "./common";

/** An image, the filter's response, its photo, the part of it to show, and the box to mark, if any; both in pixels of the photo. */
export type QuizCrop = readonly [image: number, score: number, photo: Pic, window: Box, mark: Box | null];

/** `quiz.js`: the questions of the quiz. */
export interface QuizData {
  model: string;
  title: string;
  layers: QuizLayer[];
  questions: QuizQuestion[];
  sheets: string[];
}

export interface QuizLayer {
  name: string;
  slug: string;
  title: string;
}

/** A filter with crops that show what excites it, and two sets of held-out crops: `strong` ones excite it. */
export interface QuizQuestion {
  layer: number;
  filter: number;
  name: string | null;
  synthesis: Pic | null;
  shown: QuizCrop[];
  strong: QuizCrop[];
  weak: QuizCrop[];
}
