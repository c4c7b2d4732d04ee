import { Link } from 'wouter';
import type { Schemas } from '../../shared/api.ts';
import { Price } from '../../shared/ui/values.tsx';
import { Picture } from './picture.tsx';
import { StockNote } from './stock-note.tsx';

/** What a list shows of a product; what a search finds has no stock. */
export type CardProduct = Pick<Schemas['Product'], 'id' | 'name' | 'imageFile' | 'price' | 'currency' | 'available'>;

export function ProductCard({ product }: { readonly product: CardProduct }) {
  return (
    <li className="card">
      <div className="card-picture">
        <Picture productId={product.id} imageFile={product.imageFile} />
      </div>
      <h2 className="card-name">
        <Link href={`/product/${product.id}`}>{product.name}</Link>
      </h2>
      <p className="card-facts">
        <Price amount={product.price} currency={product.currency} />
        <StockNote available={product.available} quiet />
      </p>
    </li>
  );
}

export function CardSkeletons({ count = 8 }: { readonly count?: number }) {
  return (
    <div className="cards" role="status">
      <span className="hidden">Loading products</span>
      {Array.from({ length: count }, (_, card) => (
        <div key={card} className="card" aria-hidden="true">
          <div className="card-picture skeleton" />
          <div className="skeleton" />
          <div className="skeleton skeleton-short" />
        </div>
      ))}
    </div>
  );
}
