/** The items of an order, with its total. */
import { Link } from 'wouter';
import type { Schemas } from '../api.ts';
import { Price } from '../ui/values.tsx';

interface Props {
  readonly order: Schemas['Order'];
  /** The path of a product's page. */
  readonly productPath: (productId: string) => string;
}

export function OrderItems({ order, productPath }: Props) {
  return (
    <>
      <ul className="plain">
        {order.items.map((item, index) => (
          <li key={index} className="row">
            <span>
              {item.quantity} ×{' '}
              <Link href={productPath(item.productId)}>
                <bdi>{item.productName}</bdi>
              </Link>
              {item.color !== undefined && (
                <span className="small">
                  {' '}
                  <bdi>{item.color}</bdi>
                </span>
              )}
            </span>
            <Price amount={item.lineTotal} currency={order.currency} />
          </li>
        ))}
      </ul>
      <p className="total">
        <span>Total</span> <Price amount={order.totalPrice} currency={order.currency} />
      </p>
    </>
  );
}
