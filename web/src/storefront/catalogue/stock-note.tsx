const FEW = 5;

interface Props {
  readonly available: number | undefined;
  /** Says nothing where there are enough. */
  readonly quiet?: boolean;
}

/** How many units are left: nothing is said where the stock is unknown. */
export function StockNote({ available, quiet = false }: Props) {
  if (available === undefined) return null;
  if (available === 0) return <span className="stock stock-none">Sold out</span>;
  if (available <= FEW) return <span className="stock stock-few">Only {available} left</span>;
  return quiet ? null : <span className="stock stock-good">In stock</span>;
}
