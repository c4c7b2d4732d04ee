/** How many units are left: nothing is said where the stock is unknown. */
const FEW = 5;

export function StockNote({ available }: { readonly available: number | undefined }) {
  if (available === undefined) return null;
  if (available === 0) return <span className="stock stock-none">Sold out</span>;
  if (available <= FEW) return <span className="stock stock-few">Only {available} left</span>;
  return <span className="stock stock-good">In stock</span>;
}
