import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { Link, useLocation } from 'wouter';
import { dataOf, type Api, type Schemas } from '../../shared/api.ts';
import { ApiError } from '../../shared/problem.ts';
import { useService, useShop } from '../../shared/shop.ts';
import { announce } from '../../shared/ui/announcer.tsx';
import { Button } from '../../shared/ui/button.tsx';
import { Dialog } from '../../shared/ui/dialog.tsx';
import { focusFirstError } from '../../shared/ui/field.tsx';
import { Failure, Notice } from '../../shared/ui/notice.tsx';
import { Page } from '../../shared/ui/page.tsx';
import { Skeleton } from '../../shared/ui/skeleton.tsx';
import { Conflict } from '../products/conflict.tsx';
import { EMPTY_PRODUCT, toDetails, toForm, type ProductForm } from '../products/form.ts';
import { ProductFields } from '../products/product-fields.tsx';
import { Stock } from '../products/stock.tsx';
import { PRODUCTS_KEY } from './products.tsx';

/** A product with the entity tag of its version. */
interface Version {
  readonly product: Schemas['Product'];
  readonly etag: string;
}

async function readVersion(api: Api, id: string): Promise<Version> {
  const { data, response } = await api.GET('/product/{id}', { params: { path: { id } } });
  const etag = response.headers.get('ETag');
  if (data === undefined || etag === null) throw new TypeError('The answer has no version.');
  return { product: data, etag };
}

export function NewProductPage() {
  const { api } = useShop();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [values, setValues] = useState(EMPTY_PRODUCT);
  const create = useMutation({
    mutationFn: (details: Schemas['ProductDetails']) => dataOf(api.POST('/product', { body: details })),
    onSuccess: (product) => {
      announce('The product is created');
      navigate(`/products/${product.id}`);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: PRODUCTS_KEY }),
  });
  return (
    <Page title="New product" narrow>
      <p>
        <Link href="/products">All products</Link>
      </p>
      <Editor
        values={values}
        error={create.error}
        busy={create.isPending}
        action="Create"
        onChange={setValues}
        onSave={(details) => create.mutate(details)}
      />
    </Page>
  );
}

export function EditProductPage({ id }: { readonly id: string }) {
  const { api } = useShop();
  const hasStock = useService('inventory');
  const version = useQuery({
    queryKey: ['staff', 'product', id],
    queryFn: () => readVersion(api, id),
    // The form is not overwritten while somebody types; a conflict shows when they save.
    refetchOnWindowFocus: false,
    staleTime: 0,
    gcTime: 0,
  });
  if (version.error instanceof ApiError && version.error.status === 404) {
    return (
      <Page title="Not found" narrow>
        <p>This product does not exist, or no longer does.</p>
        <p>
          <Link href="/products">All products</Link>
        </p>
      </Page>
    );
  }
  return (
    <Page title={version.data?.product.name ?? 'Product'}>
      <p>
        <Link href="/products">All products</Link>
      </p>
      {version.isPending && <Skeleton lines={6} label="Loading the product" />}
      {version.error !== null && <Failure error={version.error} onRetry={() => void version.refetch()} />}
      {version.data !== undefined && (
        <div className="split">
          <Edit first={version.data} />
          {hasStock && <Stock productId={id} />}
        </div>
      )}
    </Page>
  );
}

function Edit({ first }: { readonly first: Version }) {
  const { api } = useShop();
  const queries = useQueryClient();
  const [, navigate] = useLocation();
  const [base, setBase] = useState(first);
  const [values, setValues] = useState(() => toForm(first.product));
  const [conflict, setConflict] = useState<Version>();
  const [isDeleting, setDeleting] = useState(false);
  const path = { id: first.product.id };
  const header = { 'If-Match': base.etag };

  /** Runs a conditional change; if the product has changed, shows how. */
  const conditional = async <T,>(change: Promise<T>): Promise<T | undefined> => {
    try {
      return await change;
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 412) throw error;
      setConflict(await readVersion(api, path.id));
      return undefined;
    }
  };
  const save = useMutation({
    mutationFn: (details: Schemas['ProductDetails']) =>
      conditional(api.PUT('/product/{id}', { params: { path, header }, body: details })),
    onSuccess: (saved) => {
      const etag = saved?.response.headers.get('ETag');
      if (saved?.data === undefined || !etag) return;
      setBase({ product: saved.data, etag });
      setValues(toForm(saved.data));
      announce('Saved');
      void queries.invalidateQueries({ queryKey: PRODUCTS_KEY });
    },
  });
  const remove = useMutation({
    mutationFn: () => conditional(api.DELETE('/product/{id}', { params: { path, header } })),
    onSuccess: (removed) => {
      if (removed === undefined) return;
      announce('The product is deleted');
      navigate('/products');
    },
    onSettled: () => {
      setDeleting(false);
      return queries.invalidateQueries({ queryKey: PRODUCTS_KEY });
    },
  });
  const isSaved = save.isSuccess && save.data !== undefined;
  return (
    <div>
      {conflict !== undefined && (
        <Conflict
          mine={values}
          theirs={toForm(conflict.product)}
          onTakeTheirs={() => {
            setBase(conflict);
            setValues(toForm(conflict.product));
            setConflict(undefined);
          }}
          onKeepMine={() => {
            setBase(conflict);
            setConflict(undefined);
            announce('Save again to replace their version');
          }}
        />
      )}
      <Editor
        values={values}
        error={save.error}
        busy={save.isPending}
        action="Save"
        onChange={(changed) => {
          setValues(changed);
          if (isSaved) save.reset();
        }}
        onSave={(details) => save.mutate(details)}
      />
      {isSaved && <Notice tone="good">Saved.</Notice>}
      <div className="actions">
        <Button kind="danger" onClick={() => setDeleting(true)}>
          Delete the product
        </Button>
      </div>
      {remove.error !== null && <Failure error={remove.error} />}
      {isDeleting && (
        <Dialog
          title="Delete this product?"
          confirm="Delete it"
          danger
          busy={remove.isPending}
          onConfirm={() => remove.mutate()}
          onClose={() => setDeleting(false)}
        >
          <p>It disappears from the catalogue, and does not count in baskets any more. Orders keep it.</p>
        </Dialog>
      )}
    </div>
  );
}

interface EditorProps {
  readonly values: ProductForm;
  readonly error: Error | null;
  readonly busy: boolean;
  readonly action: string;
  readonly onChange: (values: ProductForm) => void;
  readonly onSave: (details: Schemas['ProductDetails']) => void;
}

function Editor({ values, error, busy, action, onChange, onSave }: EditorProps) {
  const form = useRef<HTMLFormElement>(null);
  const [priceError, setPriceError] = useState<string>();
  const problem = error instanceof ApiError ? error : undefined;
  const errorOf = (field: keyof ProductForm): string | undefined =>
    (field === 'price' ? priceError : undefined) ?? problem?.fieldError(field);
  const hasFieldErrors = problem?.problem.errors?.some(({ field }) => field in values) === true;
  useEffect(() => {
    if (hasFieldErrors || priceError !== undefined) focusFirstError(form.current);
  }, [hasFieldErrors, priceError, problem]);

  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const details = toDetails(values);
    setPriceError('priceError' in details ? details.priceError : undefined);
    if (!busy && !('priceError' in details)) onSave(details);
  };
  return (
    <form ref={form} onSubmit={submit}>
      <ProductFields values={values} errorOf={errorOf} onChange={onChange} />
      {error !== null && !hasFieldErrors && <Failure error={error} />}
      <Button type="submit" busy={busy}>
        {action}
      </Button>
    </form>
  );
}
