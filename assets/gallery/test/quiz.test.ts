import { describe, expect, test } from "vitest";
import type { QuizCrop, QuizData, QuizQuestion } from "../src/data/schema";
import { type Answer, answersCsv, drawRound, interval, ROUND } from "../src/quiz/round";

const crop: QuizCrop = [0, 1, [0, 0, 0, 8, 8], [0, 0, 8, 8], null];
const question = (filter: number): QuizQuestion => ({
  layer: 0,
  filter,
  name: null,
  synthesis: null,
  shown: [crop],
  strong: [crop],
  weak: [crop],
});
const questions = Array.from({ length: 40 }, (_, filter) => question(filter));

describe("a round", () => {
  test("asks each question once, and the same for the same seed", () => {
    const filters = (seed: number) => drawRound(questions, seed).map((asked) => asked.question.filter);
    expect(filters(7)).toHaveLength(ROUND);
    expect(new Set(filters(7)).size).toBe(ROUND);
    expect(filters(7)).toEqual(filters(7));
    expect(filters(8)).not.toEqual(filters(7));
    expect(drawRound(questions.slice(0, 3), 1)).toHaveLength(3);
  });

  test("has the answer on either side about equally often", () => {
    const sides = Array.from({ length: 200 }, (_, seed) => drawRound(questions, seed).map(({ right }) => right)).flat();
    const share = sides.filter((side) => side === "A").length / sides.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.05);
  });
});

test("the interval is Wilson's", () => {
  const [low, high] = interval(7, 10);
  expect(low).toBeCloseTo(0.3968, 3);
  expect(high).toBeCloseTo(0.8922, 3);
  expect(interval(0, 10)[0]).toBe(0);
  expect(interval(10, 10)[1]).toBe(1);
});

test("a table of answers holds no formula, whatever a layer is called", () => {
  const data: QuizData = {
    model: "small",
    title: "Small",
    layers: [{ name: '=HYPERLINK("x"),1', slug: "x", title: "X" }],
    questions: [],
    sheets: [],
  };
  const answer: Answer = { asked: { question: question(3), right: "A" }, chosen: "B", seconds: 1.24 };
  expect(answersCsv(data, 5, [answer]).split("\r\n")).toEqual([
    "round,question,model,layer,filter,synthesis,crops,right,chosen,is_right,seconds",
    `5,1,small,"'=HYPERLINK(""x""),1",3,0,1,A,B,0,1.2`,
    "",
  ]);
});
