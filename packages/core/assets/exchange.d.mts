/** Tensors by name, with their data or with the place where it lies. */
type Crossing = Readonly<Record<string, object>>;

export function put<T extends Crossing>(fd: number, tensors: T): Crossing;
export function take<T extends Crossing>(fd: number, tensors: Crossing): T;
