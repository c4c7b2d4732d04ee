import { useQuery } from '@tanstack/react-query';
import { Link } from 'wouter';
import { useService, useShop } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price } from '../../shared/ui/values.tsx';
import type { BasketLine } from '../basket/basket-view.ts';
import { QuantityField } from '../basket/quantity-field.tsx';
import { useBasket, useChangeBasket } from '../basket/use-basket.ts';
import { Picture } from '../catalogue/picture.tsx';
import { productQuery } from '../catalogue/queries.ts';

export function BasketPage() {
  const { view, error, reload } = useBasket();
  const change = useChangeBasket();
  return (
    <Page title="Basket">
      {error !== null && <Failure error={error} onRetry={reload} />}
      {view === undefined && error === null && <Skeleton lines={4} label="Loading the basket" />}
      {view !== undefined && view.lines.length === 0 && (
        <p className="empty">
          Your basket is empty. <Link href="/">Look around</Link>
        </p>
      )}
      {view !== undefined && view.lines.length > 0 && (
        <div className="split">
          <ul className="lines">
            {view.lines.map((line) => (
              <Line
                key={line.key}
                line={line}
                currency={view.currency}
                onChange={(quantity) => {
                  change.mutate({ key: line.key, quantity });
                  if (quantity === 0) announce(`${line.name} removed from the basket`);
                }}
              />
            ))}
          </ul>
          <aside className="summary" aria-label="Summary">
            {change.error !== null && <Failure error={change.error} />}
            <p className="total">
              <span>Total</span> <Price amount={view.subtotal} currency={view.currency} />
            </p>
            <p className="small">Shipping is included.</p>
            <CheckoutLink empty={!view.lines.some(({ available }) => available)} />
          </aside>
        </div>
      )}
    </Page>
  );
}

function CheckoutLink({ empty }: { readonly empty: boolean }) {
  const takesOrders = useService('ordering');
  if (!takesOrders) return <Notice>The shop takes no orders at the moment.</Notice>;
  if (empty) return <Notice>Nothing in your basket is sold at the moment.</Notice>;
  return (
    <Link href="/checkout" className="button button-primary">
      Check out
    </Link>
  );
}

/** A line has no picture: its product has, which is read where the shop has pictures at all. */
function LinePicture({ productId }: { readonly productId: string }) {
  const {
    api,
    config: { picturesUrl },
  } = useShop();
  const { data } = useQuery({
    ...productQuery(api, productId),
    enabled: picturesUrl !== undefined,
    staleTime: Infinity,
  });
  return <Picture productId={productId} imageFile={data?.imageFile} />;
}

interface LineProps {
  readonly line: BasketLine;
  readonly currency: string;
  readonly onChange: (quantity: number) => void;
}

function Line({ line, currency, onChange }: LineProps) {
  return (
    <li className={line.available ? 'line' : 'line line-gone'}>
      <div className="line-picture">
        <LinePicture productId={line.productId} />
      </div>
      <div className="line-facts">
        <h2 className="line-name">
          <Link href={`/product/${line.productId}`}>
            <bdi>{line.name}</bdi>
          </Link>
        </h2>
        {line.color !== undefined && (
          <p className="small">
            Colour: <bdi>{line.color}</bdi>
          </p>
        )}
        <p className="small">
          <Price amount={line.price} currency={currency} /> each
        </p>
        {line.priceChanged && <p className="flag">The price has changed since you added it.</p>}
        {!line.available && <p className="flag flag-bad">No longer sold. It does not count.</p>}
      </div>
      <div className="line-controls">
        {line.available && (
          <QuantityField label={`Quantity of ${line.name}`} value={line.quantity} onChange={onChange} />
        )}
        <Button kind="link" onClick={() => onChange(0)} aria-label={`Remove ${line.name}`}>
          Remove
        </Button>
      </div>
      {line.available && (
        <p className="line-total">
          <Price amount={line.lineTotal} currency={currency} />
        </p>
      )}
    </li>
  );
}
