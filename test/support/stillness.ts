/** Resolves when `measure` gives the same for a while: nothing moves any more, every buffer on the way is full. */
export async function stillness(measure: () => number): Promise<void> {
  let before = Number.NaN;
  while (measure() !== before) {
    before = measure();
    for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
