// Which elements of a list have moved: the fewest whose move makes one order of the other.

/** The names that have moved, with the fewest moves. Both lists have the same names, each of them once. @param {string[]} before @param {string[]} after @returns {Set<string>} */
export function movedOf(before, after) {
  const moved = new Set(after);
  for (const each of staying(before, after)) moved.delete(each);
  return moved;
}

/** A longest part of `after` that is in the order of `before`: the end that rises least wins. @param {string[]} before @param {string[]} after @returns {string[]} */
function staying(before, after) {
  const rank = new Map(before.map((name, index) => [name, index]));
  const order = after.map((name) => rank.get(name) ?? 0);
  /** @type {number[]} the place in `after` of the end of the best part of each length */
  const ends = [];
  const previous = order.map((each, place) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (order[ends[middle]] < each) low = middle + 1;
      else high = middle;
    }
    ends[low] = place;
    return low ? ends[low - 1] : -1;
  });
  const stay = [];
  for (let place = ends.at(-1) ?? -1; place >= 0; place = previous[place]) stay.push(after[place]);
  return stay;
}
