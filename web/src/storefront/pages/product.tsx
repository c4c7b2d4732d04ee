import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { Link } from 'wouter';
import type { Schemas } from '../../shared/api.ts';
import { ApiError } from '../../shared/problem.ts';
import { useService, useShop } from '../../shared/shop.ts';
import { sentence } from '../../shared/text.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { TextField } from '../../shared/ui/field.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Price } from '../../shared/ui/values.tsx';
import { useAddToBasket } from '../basket/use-basket.ts';
import { Picture } from '../catalogue/picture.tsx';
import { productQuery } from '../catalogue/queries.ts';
import { StockNote } from '../catalogue/stock-note.tsx';
import { MissingPage } from './missing.tsx';
import { QuantityField } from '../basket/quantity-field.tsx';

export function ProductPage({ id }: { readonly id: string }) {
  const { api } = useShop();
  const { data: product, error, refetch } = useQuery(productQuery(api, id));
  if (product === null) return <MissingPage what="This product" />;
  return (
    <Page
      title={product?.name ?? 'Product'}
      heading={
        product === undefined ? <span className="skeleton skeleton-title">Product</span> : <bdi>{product.name}</bdi>
      }
    >
      {product !== undefined && <Details product={product} />}
      {product === undefined && error === null && <Skeleton lines={4} label="Loading the product" />}
      {error !== null && <Failure error={error} onRetry={() => void refetch()} />}
    </Page>
  );
}

function Details({ product }: { readonly product: Schemas['Product'] }) {
  const sells = useService('basket');
  return (
    <div className="product">
      <div className="product-picture">
        <Picture productId={product.id} imageFile={product.imageFile} alt={product.name} />
      </div>
      <div className="product-facts">
        <p>
          <Link href={`/?${new URLSearchParams({ category: product.category })}`}>{sentence(product.category)}</Link>
        </p>
        <p className="product-price">
          <Price amount={product.price} currency={product.currency} /> <StockNote available={product.available} />
        </p>
        {product.description !== undefined && (
          <p className="product-text">
            <bdi>{product.description}</bdi>
          </p>
        )}
        {sells && <AddToBasket product={product} />}
      </div>
    </div>
  );
}

function AddToBasket({ product }: { readonly product: Schemas['Product'] }) {
  const [quantity, setQuantity] = useState(1);
  const [color, setColor] = useState('');
  const add = useAddToBasket();
  const isSoldOut = product.available === 0;

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (add.isPending) return;
    add.mutate(
      { product, quantity, ...(color.trim() !== '' && { color: color.trim() }) },
      {
        onSuccess: () => announce(`${quantity} of ${product.name} added to the basket`),
      },
    );
  };
  const colorError = add.error instanceof ApiError ? add.error.fieldError('color') : undefined;

  if (isSoldOut) return <Notice>This product is sold out at the moment.</Notice>;
  return (
    <form className="add" onSubmit={submit}>
      <div className="add-choices">
        <QuantityField label="Quantity" value={quantity} onChange={setQuantity} />
        <TextField
          label="Colour"
          value={color}
          maxLength={50}
          error={colorError}
          onChange={(event) => setColor(event.target.value)}
        />
      </div>
      <Button type="submit" busy={add.isPending}>
        Add to basket
      </Button>
      {add.isSuccess && (
        <Notice tone="good">
          In your basket. <Link href="/basket">Go to the basket</Link>
        </Notice>
      )}
      {add.error !== null && colorError === undefined && <Failure error={add.error} />}
    </form>
  );
}
