// Package store says what is kept and how it is asked for: documents, a
// journal that only grows, and blobs. Memory, SQLite and PostgreSQL each fit
// behind it and pass the same suite (storetest).
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// What can go wrong besides the storage itself.
var (
	ErrNotFound = errors.New("store: not found")
	ErrConflict = errors.New("store: changed by someone else")
	// ErrExists is a unique index value that another document has. The error
	// is an *ExistsError, which says which.
	ErrExists = errors.New("store: exists already")
	// ErrBad is a document, entry or key that can not be kept.
	ErrBad = errors.New("store: can not be kept")
	// ErrUnavailable is a database that cannot be reached now. What was being
	// written may or may not have been.
	ErrUnavailable = errors.New("store: the database cannot be reached")
	// ErrFull is a disk without room. Nothing was written; reading goes on.
	ErrFull = errors.New("store: the disk is full")
)

// Gone says whether err is that somebody else was first to remove a document.
func Gone(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) }

// ExistsError is ErrExists with what is taken, and by whom.
type ExistsError struct {
	Field, Value string
	By           Key // the document that has it
}

func (e *ExistsError) Error() string {
	return fmt.Sprintf("store: %s %q exists already in %s", e.Field, e.Value, e.By.ID)
}

// Is makes it an ErrExists.
func (e *ExistsError) Is(target error) bool { return target == ErrExists }

// Store is everything that is kept. It is Docs and a Journal itself.
type Store struct {
	Docs
	Journal
	Blobs Blobs
}

// PurgeAccount leaves nothing of an account: entries, blobs and, last, its
// documents, so that a purge that was broken off is seen and made again. What
// is kept under other accounts, or under none, is not touched. The account ""
// is ErrBad.
func (s Store) PurgeAccount(ctx context.Context, account string) error {
	if err := s.Forget(ctx, account); err != nil {
		return err
	}
	if err := s.Blobs.Purge(ctx, account); err != nil {
		return err
	}
	return s.Purge(ctx, account)
}

// Purgeable is ErrBad for an account that cannot be purged: none, or one that
// no key can have.
func Purgeable(account string) error {
	if account == "" {
		return fmt.Errorf("%w: what belongs to no account is not purged", ErrBad)
	}
	return Key{Account: account, Type: "t", ID: "i"}.Check()
}

// Moment is t as it is kept: UTC, to the microsecond.
func Moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// Revisions is how many revisions of a document are kept, the newest.
const Revisions = 100

// maxName is how long, in bytes, the parts of a key may be.
const maxName = 512

// Key names a document. Account is "" for what belongs to the whole server.
// Type and ID are not empty. All of them are UTF-8 without NUL, of at most
// 512 bytes.
type Key struct{ Account, Type, ID string }

// Check is ErrBad for a key that nothing can be kept under.
func (k Key) Check() error {
	if k.Type == "" || k.ID == "" {
		return fmt.Errorf("%w: a key of no type or id", ErrBad)
	}
	for _, s := range []string{k.Account, k.Type, k.ID} {
		if len(s) > maxName || !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return fmt.Errorf("%w: the key %.40q", ErrBad, s)
		}
	}
	return nil
}

// Doc is a JSON document with a revision.
type Doc struct {
	Key
	Rev      int64 // 1 for the first version; 0 only in a Put of a new one
	JSON     json.RawMessage
	Created  time.Time // set by the store; UTC
	Modified time.Time // set by the store; UTC
	Deleted  bool      // a tombstone: Get and List do not see it, its id stays taken
	// Index are the values it can be found by, several to a field. It is
	// asked of every Put, whole; Get and List do not return it.
	Index map[string][]string
	// Unique names the fields of Index whose values no other live document of
	// its account and type may have; Put returns ErrExists otherwise. All
	// documents of a type name the same. It is asked of every Put; Get and
	// List do not return it.
	Unique []string
}

// Check is ErrBad for a document that can not be kept.
func (d Doc) Check() error {
	if err := d.Key.Check(); err != nil {
		return err
	}
	if !json.Valid(d.JSON) || !utf8.Valid(d.JSON) {
		return fmt.Errorf("%w: %s %s is not JSON", ErrBad, d.Type, d.ID)
	}
	return nil
}

// Query asks for live documents of one type, by id, as bytes compare, or by
// the time they were created and then by id.
type Query struct {
	Account, Type string
	AnyAccount    bool              // of all accounts, by id and then account
	Where         map[string]string // index field → one of its values; all must hold
	After         string            // the id the page before ended with
	AfterAccount  string            // and its account, if AnyAccount
	ByCreated     bool              // by creation; not with AnyAccount
	AfterCreated  time.Time         // and when that of After was created, if ByCreated
	Ascending     bool              // by id; the default is descending, as the API's
	Limit         int               // 0 is all
}

// Docs is where documents are kept. What a Put or Delete acknowledged outlives
// the process and, in a file, the machine's power. Documents are copies: who
// changes one changes nothing here. Safe for use by many goroutines.
type Docs interface {
	// Get returns ErrNotFound where there is none, or a tombstone.
	Get(ctx context.Context, k Key) (Doc, error)
	// Put writes d if its Rev is the stored one (0 for a new one) and returns
	// it with its new Rev and times; else ErrConflict. A tombstone's id is a
	// conflict for a new document; with the tombstone's Rev, which History
	// has, Put brings the document back to life. See Doc.Unique for ErrExists.
	// What is not JSON is ErrBad.
	Put(ctx context.Context, d Doc) (Doc, error)
	// Delete leaves a tombstone, a revision of its own with the last JSON, or
	// nothing at all, no history either, if hard. Its index values are free
	// again. Where there is nothing it is ErrNotFound, as for a tombstone
	// unless hard; a Rev that is not the stored one is ErrConflict.
	Delete(ctx context.Context, k Key, rev int64, hard bool) error
	List(ctx context.Context, q Query) ([]Doc, error)
	// History is the revisions of a document, newest first, deleted or not:
	// what is there now and the older ones that are kept. A limit of 0 is
	// all; none at all is ErrNotFound.
	History(ctx context.Context, k Key, limit int) ([]Doc, error)
	// Purge leaves nothing of an account's documents: no tombstones, no
	// history, no index values. It takes some at a time: when it fails some are
	// there, and it may be called again. The account "" is ErrBad.
	Purge(ctx context.Context, account string) error
}

// Entry is one line of the journal.
type Entry struct {
	Account string
	Kind    string    // "event", "cdr", "pivot_debug"
	Call    string    // the call's id
	At      time.Time // kept to the microsecond
	Seq     int64     // set by Append; grows, unique in the journal
	JSON    json.RawMessage
}

// Check is ErrBad for an entry that can not be kept.
func (e Entry) Check() error {
	if !json.Valid(e.JSON) || !utf8.Valid(e.JSON) {
		return fmt.Errorf("%w: an entry of kind %s is not JSON", ErrBad, e.Kind)
	}
	for _, s := range []string{e.Account, e.Kind, e.Call} {
		if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
			return fmt.Errorf("%w: an entry of %.40q", ErrBad, s)
		}
	}
	if e.Kind == "" {
		return fmt.Errorf("%w: an entry of no kind", ErrBad)
	}
	return nil
}

// Window asks for lines of the journal.
type Window struct {
	Account    string // "" is those of no account; see AnyAccount
	AnyAccount bool
	Kind       string    // "" is all kinds
	Call       string    // "" is all calls
	From, To   time.Time // inclusive; zero is open
	After      int64     // the Seq the page before ended with, 0 from the start
	Ascending  bool      // by Seq; the default is descending
	Limit      int       // 0 is all
}

// Journal keeps what happened. Nothing in it is ever changed. Safe for use by
// many goroutines.
type Journal interface {
	// Append writes all of the entries or none, in their order, and sets their
	// Seq in the caller's slice. A Seq is never given twice, trimmed or not.
	Append(ctx context.Context, entries []Entry) error
	Read(ctx context.Context, w Window) ([]Entry, error)
	// Trim forgets entries of a kind ("" is all) older than before, and says
	// how many.
	Trim(ctx context.Context, kind string, before time.Time) (int64, error)
	// Forget forgets all entries of an account, as Docs.Purge its documents.
	Forget(ctx context.Context, account string) error
}

// BlobInfo is what is known of a blob without reading it.
type BlobInfo struct {
	ContentType string
	Size        int64 // bytes
	Modified    time.Time
}

// Blobs keeps recordings and media: streamed, never whole in memory. Safe for
// use by many goroutines; a BlobWriter and what Open returns are of one.
type Blobs interface {
	// Create begins a blob; it is there, whole, once Commit returned nil, and
	// never in part. It replaces an older one of the same key, which those who
	// opened it before still read to its end. Of two writers of a key the last
	// to commit wins. The context counts for Create alone.
	Create(ctx context.Context, k Key, contentType string) (BlobWriter, error)
	// Open returns ErrNotFound where there is none. Close what it returns.
	Open(ctx context.Context, k Key) (io.ReadSeekCloser, BlobInfo, error)
	// Delete returns ErrNotFound where there is none.
	Delete(ctx context.Context, k Key) error
	// Purge deletes all blobs of an account, as Docs.Purge its documents. One
	// that is being written appears still.
	Purge(ctx context.Context, account string) error
}

// BlobWriter takes the bytes of a blob. One of Commit and Abort ends it;
// Abort after either does nothing, Commit after either is an error. A header
// is written again with Seek before Commit, which takes all that was written,
// wherever the last Seek went. Once a Write failed Commit fails too.
type BlobWriter interface {
	io.Writer
	io.Seeker
	Commit() error
	Abort()
}
