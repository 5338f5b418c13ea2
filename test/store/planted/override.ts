/** An object with some of its members replaced; the others go on to work on the object itself. */
export function override<T extends object>(object: T, members: Partial<T>): T {
  return new Proxy(object, {
    get: (target, key) => {
      const from = key in members ? members : target;
      const value: unknown = Reflect.get(from, key, from);
      return typeof value === 'function' ? value.bind(from) : value;
    },
    has: (target, key) => key in members || key in target,
  });
}
