// Package store says what is kept and how it is asked for: documents, a
// journal that only grows, and blobs. Memory, SQLite and PostgreSQL each fit
// behind it and pass the same suite (storetest).
package store

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"
)

// What can go wrong besides the storage itself.
var (
	ErrNotFound = errors.New("store: not found")
	ErrConflict = errors.New("store: changed by someone else")
	// ErrExists is a unique index value that another document has.
	ErrExists = errors.New("store: exists already")
)

// Key names a document. Account is "" for what belongs to the whole server.
type Key struct{ Account, Type, ID string }

// Doc is a JSON document with a revision.
type Doc struct {
	Key
	Rev      int64 // 1 for the first version; 0 only in a Put of a new one
	JSON     json.RawMessage
	Created  time.Time // set by the store
	Modified time.Time // set by the store
	Deleted  bool      // a tombstone: Get and List do not see it, its id stays taken
	// Index are the values it can be found by, several to a field.
	Index map[string][]string
	// Unique names the fields of Index whose values no other live document of
	// its account and type may have; Put returns ErrExists otherwise. It is
	// asked of a Put only: Get and List need not return it.
	Unique []string
}

// Query asks for documents of one account and type, by id.
type Query struct {
	Account, Type string
	AnyAccount    bool              // of all accounts
	Where         map[string]string // index field → value; all must hold
	After         string            // the id the page before ended with
	Ascending     bool              // by id; the default is descending, as the API's
	Limit         int               // 0 is all
}

// Docs is where documents are kept.
type Docs interface {
	// Get returns ErrNotFound where there is none.
	Get(ctx context.Context, k Key) (Doc, error)
	// Put writes d if its Rev is the stored one (0 for a new one) and returns
	// it with its new Rev and times; else ErrConflict. A tombstone's id is a
	// conflict for a new document. See Doc.Unique for ErrExists.
	Put(ctx context.Context, d Doc) (Doc, error)
	// Delete leaves a tombstone, or nothing at all if hard.
	Delete(ctx context.Context, k Key, rev int64, hard bool) error
	List(ctx context.Context, q Query) ([]Doc, error)
	// History is the revisions of a document, newest first, deleted or not.
	History(ctx context.Context, k Key, limit int) ([]Doc, error)
}

// Entry is one line of the journal.
type Entry struct {
	Account string
	Kind    string // "event", "cdr", "pivot_debug"
	Call    string // the call's id
	At      time.Time
	Seq     int64 // set by Append; grows, unique in the journal
	JSON    json.RawMessage
}

// Window asks for lines of the journal.
type Window struct {
	Account    string // "" is those of no account; see AnyAccount
	AnyAccount bool
	Kind       string
	Call       string    // "" is all calls
	From, To   time.Time // inclusive; zero is open
	After      int64     // the Seq the page before ended with, 0 from the start
	Ascending  bool      // by Seq; the default is descending
	Limit      int       // 0 is all
}

// Journal keeps what happened. Nothing in it is ever changed.
type Journal interface {
	// Append writes all of the entries or none.
	Append(ctx context.Context, entries []Entry) error
	Read(ctx context.Context, w Window) ([]Entry, error)
	// Trim forgets entries of a kind older than before, and says how many.
	Trim(ctx context.Context, kind string, before time.Time) (int64, error)
}

// BlobInfo is what is known of a blob without reading it.
type BlobInfo struct {
	ContentType string
	Size        int64 // bytes
	Modified    time.Time
}

// Blobs keeps recordings and media: streamed, never whole in memory.
type Blobs interface {
	// Create begins a blob; it is there, whole, once Commit returned nil, and
	// never in part. It replaces an older one of the same key.
	Create(ctx context.Context, k Key, contentType string) (BlobWriter, error)
	Open(ctx context.Context, k Key) (io.ReadSeekCloser, BlobInfo, error)
	Delete(ctx context.Context, k Key) error
}

// BlobWriter takes the bytes of a blob. One of Commit and Abort ends it;
// Abort after Commit does nothing. WriteAt-style rewriting of a header is
// done with Seek before Commit.
type BlobWriter interface {
	io.Writer
	io.Seeker
	Commit() error
	Abort()
}
