/** An answer, or the promise of one. What need not wait makes no promise: each one costs every request. */
export type Soon<T> = T | Promise<T>;

/** Whether an answer has to be waited for. Also of promises of other libraries, as `await` takes them. */
export function isLater<T>(answer: Soon<T>): answer is Promise<T> {
  return typeof (answer as Partial<Promise<T>> | null | undefined)?.then === 'function';
}

/** What `next` makes of an answer, once it is there. */
export function following<T, U>(answer: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return isLater(answer) ? answer.then(next) : next(answer);
}

/** All of these answers, which were asked for at once. */
export function together<T>(answers: readonly Soon<T>[]): Soon<T[]> {
  return answers.some(isLater) ? Promise.all(answers) : (answers as T[]);
}

/** Does work; what it throws or rejects with, `rescue` answers instead. */
export function rescued<T>(work: () => Soon<T>, rescue: (thrown: unknown) => Soon<T>): Soon<T> {
  let answer: Soon<T>;
  try {
    answer = work();
  } catch (thrown) {
    return rescue(thrown);
  }
  return isLater(answer) ? answer.then(undefined, rescue) : answer;
}
